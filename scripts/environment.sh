# Sourced by the other scripts, not run. `prepare_environment runtime|dev` makes .venv from the hashed lock files.
#
# Works on a fresh Debian 12 with nothing but python3, as root (missing Debian packages are installed) or not (the one
# missing package is named, exit 2). uv lives apart in .venv-tools, because `uv pip sync` removes from .venv whatever the
# lock does not list. A stamp in .venv makes every later call instant until a lock or pyproject.toml changes.

# shellcheck shell=bash
PRIVYSEAL_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
VENV="${PRIVYSEAL_VENV:-$PRIVYSEAL_ROOT/.venv}"
TOOLS="${PRIVYSEAL_TOOLS:-$PRIVYSEAL_ROOT/.venv-tools}"
# The packages of the lock run on the interpreter that is here; uv never fetches one of its own.
export UV_PYTHON_DOWNLOADS=never
export UV_NO_PROGRESS=1
# Without bytecode files every start of a process costs three times as much, and the tests start hundreds.
unset PYTHONDONTWRITEBYTECODE

say() { printf '%s\n' "$*" >&2; }

# stop SENTENCE: the environment cannot be made; status 2 tells it apart from a failed test or check.
stop() {
    say "$(basename "$0"): $*"
    exit 2
}

is_root() { [ "$(id -u)" -eq 0 ]; }

# install_debian PACKAGE...: needs root and apt. Servers are installed but not started: our tests start their own, on free
# ports, and a busy port 80 or 5432 must not get in the way. apt's words are shown only when it fails.
install_debian() (
    policy=/usr/sbin/policy-rc.d
    log="$(mktemp)"
    trap 'rm -f "$log"' EXIT
    say "installing Debian packages: $*"
    if [ ! -e "$policy" ]; then
        trap 'rm -f "$log" "$policy"' EXIT
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -qq -y --no-install-recommends "$@" >"$log" 2>&1 && return
    # The package lists are missing or old.
    { apt-get update -qq && apt-get install -qq -y --no-install-recommends "$@"; } >"$log" 2>&1 && return
    cat "$log" >&2
    return 1
)

# need_debian PACKAGE WHY: called when PACKAGE is missing.
need_debian() {
    if is_root && command -v apt-get >/dev/null; then
        install_debian "$1" || stop "Debian's package $1 could not be installed, and $2; apt's own message stands above."
    else
        stop "the package $1 is missing; $2. Install it (apt-get install $1) and try again."
    fi
}

find_python() {
    local candidate
    for candidate in python3 python3.11 python3.12 python3.13 python3.14; do
        if command -v "$candidate" >/dev/null && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
            PYTHON="$(command -v "$candidate")"
            return
        fi
    done
    need_debian python3 "Privyseal needs Python 3.11 or newer"
    PYTHON="$(command -v python3)"
    "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        stop "the python3 of this system is too old; Privyseal needs Python 3.11 or newer."
}

make_tools() {
    local lock="$PRIVYSEAL_ROOT/requirements/tools.txt"
    if [ -x "$TOOLS/bin/uv" ] && cmp -s "$lock" "$TOOLS/tools.txt"; then return; fi
    "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null || need_debian python3-venv "it makes the environment that the scripts run in"
    [ -e /etc/ssl/certs/ca-certificates.crt ] || [ ! -e /etc/debian_version ] ||
        need_debian ca-certificates "without it no package index can be trusted"
    say "setting up uv in $(basename "$TOOLS")"
    "$PYTHON" -m venv --clear "$TOOLS" || stop "python3 -m venv failed; its own message stands above."
    "$TOOLS/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r "$lock" ||
        stop "uv could not be installed from the package index; pip's own message stands above."
    cp "$lock" "$TOOLS/tools.txt"
}

fingerprint() {
    (cd "$PRIVYSEAL_ROOT" && cat "requirements/$1.txt" requirements/build.txt pyproject.toml hatch_build.py package-lock.json &&
        "$PYTHON" -VV && pwd) | sha256sum | cut -d' ' -f1
}

# prepare_environment runtime|dev: afterwards $VENV/bin/python has exactly the locked packages and our own, editable.
prepare_environment() {
    local wanted="$1" stamp="$VENV/privyseal-environment"
    find_python
    local assets="$PRIVYSEAL_ROOT/src/privyseal/look/static/vendor/.package-lock.json"
    if [ -x "$VENV/bin/python" ] && [ -r "$stamp" ] && cmp -s "$PRIVYSEAL_ROOT/package-lock.json" "$assets"; then
        # An environment for development holds everything that the runtime needs.
        if [ "$(cat "$stamp")" = "$wanted $(fingerprint "$wanted")" ]; then return; fi
        if [ "$wanted" = runtime ] && [ "$(cat "$stamp")" = "dev $(fingerprint dev)" ]; then return; fi
    fi
    make_tools
    [ -x "$VENV/bin/python" ] || "$TOOLS/bin/uv" venv --quiet --python "$PYTHON" "$VENV" || stop "the environment $VENV could not be made."
    rm -f "$stamp"
    say "setting up $(basename "$VENV") from requirements/$wanted.txt"
    "$TOOLS/bin/uv" pip sync --quiet --python "$VENV/bin/python" --require-hashes "$PRIVYSEAL_ROOT/requirements/$wanted.txt" ||
        stop "the locked packages could not be installed; uv's own message stands above."
    # Installing builds Privyseal, which brings the browser assets; a build out of uv's cache would bring none.
    "$TOOLS/bin/uv" pip install --quiet --python "$VENV/bin/python" --no-deps --reinstall-package privyseal --refresh-package privyseal \
        --build-constraints "$PRIVYSEAL_ROOT/requirements/build.txt" -e "$PRIVYSEAL_ROOT" ||
        stop "Privyseal itself could not be installed into $(basename "$VENV"); uv's own message stands above."
    printf '%s %s\n' "$wanted" "$(fingerprint "$wanted")" >"$stamp"
}
