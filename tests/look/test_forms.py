"""What a form remembers: everything typed but secrets, and each error at its field."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from privyseal.look.forms import SECRET_FIELDS, Form
from privyseal.look.rendering import Renderer


def test_what_was_typed_stays_and_what_surrounds_it_goes() -> None:
    form = Form({"name": ["  Dana Scully \n", "second"], "empty": [""], "none": []})
    assert form.value("name", "default") == "Dana Scully"
    assert form.value("empty", "default") == "", "an emptied field stays empty"
    assert form.value("none", "default") == form.value("missing", "default") == "default"
    assert form.all("name") == ["Dana Scully", "second"]
    assert form.all("empty") == form.all("missing") == []
    assert form.has("name", "second")
    assert not form.has("name", "Dana Scully"), "a box is ticked by its exact value"
    assert not form.has("missing", "")


@pytest.mark.parametrize("name", sorted(SECRET_FIELDS))
def test_a_secret_is_for_the_action_and_never_comes_back(name: str, tmp_path: Path) -> None:
    secret = "  blue kettle 9 "
    form = Form({name: [secret, "another"]})
    assert form.secret(name) == secret, "exactly as typed"
    assert form.value(name) == ""
    assert form.value(name, "from the link") == "from the link"
    assert form.all(name) == []
    form.refuse(name, "This is wrong.")
    macros = "{% from 'parts/form.html' import area, kept, text %}"
    (tmp_path / "page.html").write_text(
        f"{macros}{{{{ text(form, '{name}', 'A', type='password') }}}}{{{{ area(form, '{name}', 'B') }}}}{{{{ kept(form, ['{name}']) }}}}",
        encoding="utf-8",
    )
    page = Renderer({"site": tmp_path}).page("site/page.html", {"form": form})
    assert "This is wrong." in page
    assert "kettle" not in page
    assert "another" not in page


def test_the_fields_for_secrets_are_the_ones_that_templates_use() -> None:
    """A password field of another name would come back: its name belongs to the secrets."""
    pages = Path(__file__).parents[2] / "src" / "privyseal"
    asking = re.compile(r'type="password"|\{\{ secret\(')
    lines = [line for path in pages.rglob("*.html") for line in path.read_text(encoding="utf-8").splitlines() if asking.search(line)]
    macro = [line for line in lines if 'name="{{ name }}"' in line]
    assert len(macro) == 1, "the macro that takes the name from its callers, which are looked at too"
    for line in set(lines) - set(macro):
        assert any(f'"{name}"' in line for name in SECRET_FIELDS), line


def test_errors_stand_in_their_order_and_at_their_field() -> None:
    form = Form()
    form.refuse("names", "One is wrong.")
    form.refuse("", "All is wrong.")
    form.refuse("names", "Two is wrong.")
    assert [problem.sentence for problem in form.problems] == ["One is wrong.", "All is wrong.", "Two is wrong."]
    assert form.problem("names") == "One is wrong. Two is wrong."
    assert form.problem("csr") == ""
    assert form.problem("") == "All is wrong."
    assert Form().problems == [], "each form has problems of its own"
