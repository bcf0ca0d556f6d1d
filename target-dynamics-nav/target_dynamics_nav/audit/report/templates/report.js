"use strict";
// Shows the documents that have the words and choices; counts and adds up what is shown, exactly.
(() => {
  const index = JSON.parse(document.getElementById("index").textContent);
  const list = document.getElementById("documents");
  const form = document.getElementById("filter");
  if (!list) return;
  const items = Array.from(list.children);
  const search = document.getElementById("search");
  const found = document.getElementById("found");
  const choices = Array.from(form.querySelectorAll("select"));
  const { columns } = index;
  const AMOUNT = columns.length;
  const CURRENCY = columns.indexOf("currency");
  const DECIMALS = 5;

  // Without capitals, accents, marks of direction and the commas of thousands.
  const plain = (text) => text.normalize("NFKD").replace(/[\p{M}\p{Cf}]/gu, "").toLowerCase()
    .replace(/(\d),(?=\d{3})/g, "$1");
  let texts = null;

  const exact = (text) => {
    const [whole, part = ""] = text.replace("-", "").split(".");
    const units = BigInt(whole + part.padEnd(DECIMALS, "0"));
    return text.startsWith("-") ? -units : units;
  };
  const money = (units) => {
    const digits = String(units < 0n ? -units : units).padStart(DECIMALS + 1, "0");
    const whole = digits.slice(0, -DECIMALS).replace(/\B(?=(\d{3})+$)/g, ",");
    const part = digits.slice(-DECIMALS).replace(/0{1,3}$/, "");
    return `${units < 0n ? "-" : ""}${whole}.${part}`;
  };

  const show = () => {
    const words = plain(search.value).split(/\s+/).filter(Boolean);
    if (words.length && !texts) texts = items.map((item) => plain(item.textContent));
    const wanted = choices.filter((choice) => choice.value !== "")
      .map((choice) => [columns.indexOf(choice.dataset.facet), Number(choice.value)]);
    const sums = new Map();
    let shown = 0;
    items.forEach((item, number) => {
      const facts = index.documents[number];
      const fits = wanted.every(([column, value]) => facts[column] === value)
        && words.every((word) => texts[number].includes(word));
      if (item.hidden === fits) item.hidden = !fits;
      if (!fits) return;
      shown += 1;
      if (facts[AMOUNT] !== null) {
        sums.set(facts[CURRENCY], (sums.get(facts[CURRENCY]) || 0n) + exact(facts[AMOUNT]));
      }
    });
    const totals = Array.from(sums, ([currency, units]) => `${money(units)} ${index.facets.currency[currency]}`);
    const all = items.length.toLocaleString("en");
    found.textContent = `${shown === items.length ? all : `${shown.toLocaleString("en")} of ${all}`} `
      + `document${items.length === 1 ? "" : "s"}${totals.length ? `: ${totals.join(", ")}` : ""}.`;
  };

  let waiting = 0;
  const soon = () => { clearTimeout(waiting); waiting = setTimeout(show, 150); };
  search.addEventListener("input", soon);
  choices.forEach((choice) => choice.addEventListener("change", show));
  form.addEventListener("submit", (event) => { event.preventDefault(); show(); });
  form.addEventListener("reset", () => setTimeout(show));
  const open = (state) => items.forEach((item) => {
    if (!item.hidden) item.firstElementChild.open = state;
  });
  document.getElementById("open-all").addEventListener("click", () => open(true));
  document.getElementById("close-all").addEventListener("click", () => open(false));

  // A link to a document opens its story, and shows it whatever the filter says.
  const follow = () => {
    const item = /^#d\d+$/.test(location.hash) && document.getElementById(location.hash.slice(1));
    if (!item) return;
    item.hidden = false;
    item.firstElementChild.open = true;
    item.scrollIntoView();
    item.querySelector("summary").focus({ preventScroll: true });
  };
  addEventListener("hashchange", follow);
  form.hidden = false;
  show();
  follow();
})();
