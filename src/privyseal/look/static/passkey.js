/* Passkeys: a form with data-passkey asks the browser and then sends itself. "get" signs, "create" makes a new passkey.
   The options stand in data-options, or come from the address in data-options-from, which gets what the form holds. */
(() => {
  const able = Boolean(window.PublicKeyCredential?.parseRequestOptionsFromJSON);
  const sentence = (form, error) => {
    // Browsers make no passkeys at a host whose certificate they do not trust, and tell it in the words alone.
    if (error.name === "NotAllowedError") return /TLS certificate/i.test(error.message) ? form.dataset.untrusted : form.dataset.cancelled;
    if (error.name === "InvalidStateError") return form.dataset.known || form.dataset.failed;
    return error.sentence || form.dataset.failed;
  };
  const optionsOf = async (form) => {
    if (form.dataset.options) return JSON.parse(form.dataset.options);
    const answer = await fetch(form.dataset.optionsFrom, {
      method: "POST",
      headers: { Accept: "application/json" },
      body: new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === "string")),
    });
    const sent = await answer.json();
    if (!answer.ok) throw Object.assign(new Error("refused"), { sentence: sent.sentence });
    return sent;
  };
  const ask = async (form) => {
    const options = await optionsOf(form);
    const credential =
      form.dataset.passkey === "create"
        ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
        : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
    form.elements.answer.value = JSON.stringify(credential.toJSON());
    if (form.elements.challenge) form.elements.challenge.value = options.challenge;
  };
  const tell = (form, words, isFailure) => {
    const told = form.querySelector("[data-told]");
    told.textContent = words;
    for (const name of ["wrong-words", "mt-2"]) told.classList.toggle(name, isFailure);
    if (isFailure) told.prepend(form.querySelector("template").content.cloneNode(true), " ");
  };
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    if (!able) {
      form.querySelector("button").disabled = true;
      tell(form, form.dataset.missing, true);
      continue;
    }
    form.addEventListener("submit", async (event) => {
      if (form.elements.answer.value) return;
      event.preventDefault();
      if (!form.reportValidity()) return;
      const button = event.submitter ?? form.querySelector("button");
      button.disabled = true;
      tell(form, form.dataset.waiting, false);
      try {
        await ask(form);
        form.submit();
      } catch (error) {
        tell(form, sentence(form, error), true);
        button.disabled = false;
      }
    });
  }
})();
