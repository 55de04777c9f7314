// Ask for this page again every two seconds while the batch runs. Without this, one reloads it.
"use strict";
(() => {
  const ask = async () => {
    const running = document.querySelector("[data-running]");
    if (!running) return;
    try {
      const answer = await fetch(location.href, { cache: "no-store" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const live = page.getElementById("live");
      if (live) document.getElementById("live").replaceWith(document.adoptNode(live));
    } catch {
      return; // the server has ended: what is shown stays
    }
    setTimeout(ask, 2000);
  };
  setTimeout(ask, 2000);
})();
