/* What the service page adds to htmx: it says aloud what was chosen, and what time that is where the reader is, where
   the browser's clock shows another than the service's. */
(() => {
  "use strict";
  const language = document.documentElement.lang;
  const partsOf = (instant, timeZone) => {
    const form = new Intl.DateTimeFormat(language, { timeZone, weekday: "short", hour: "numeric", minute: "2-digit", hourCycle: language === "fr" ? "h23" : "h12" });
    return Object.fromEntries(form.formatToParts(instant).map(({ type, value }) => [type, value]));
  };
  const written = ({ hour, minute, dayPeriod }) => language === "fr"
    ? `${Number(hour)}\u00a0h${minute === "00" ? "" : `\u00a0${minute}`}`
    : `${hour}:${minute}\u00a0${(dayPeriod || "").toLowerCase()}`;
  const tell = () => document.querySelectorAll("[data-viewer-zone]").forEach((hint) => {
    const instant = new Date(hint.dataset.instant);
    const [there, here] = [partsOf(instant, hint.dataset.viewerZone), partsOf(instant)];
    const isOtherDay = there.weekday !== here.weekday;
    if (written(there) === written(here) && !isOtherDay) return;
    hint.querySelector("span").textContent = hint.dataset.words.replace("{there}", (isOtherDay ? `${here.weekday}\u00a0` : "") + written(here));
    hint.hidden = false;
  });
  tell();
  document.addEventListener("htmx:afterSettle", () => {
    tell();
    document.getElementById("picked").textContent = document.getElementById("price_box").dataset.said || "";
  });
})();
