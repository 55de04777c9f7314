// Sort, search and filter the students. Without this, the page shows everybody by name.
"use strict";
(() => {
  const table = document.getElementById("class");
  const form = document.getElementById("controls");
  const [search, show, lacks, count] = ["search", "show", "lacks", "count"].map((id) => document.getElementById(id));
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

  // `keys` has a number for the score, for each exercise and for the seconds; "-" where there is none.
  const rows = [...body.rows].map((row, place) => ({
    row,
    place,
    name: plain(row.cells[0].textContent),
    status: row.cells[row.cells.length - 1].textContent.trim(),
    is: row.dataset.is.split(" "),
    keys: row.dataset.keys.split(" ").map((key) => (key === "-" ? null : Number(key))),
  }));

  const shown = ({ name, is }) =>
    name.includes(plain(search.value.trim())) &&
    (!show.value || is.includes(show.value)) &&
    (!lacks.value || is.includes(lacks.value));

  const filter = () => {
    let left = 0;
    for (const one of rows) {
      one.row.hidden = !shown(one);
      left += one.row.hidden ? 0 : 1;
    }
    count.value = left === rows.length ? `${left} students` : `${left} of ${rows.length} students`;
  };

  const key = (one, column) =>
    column === 0 ? one.place : column === heads.length - 1 ? one.status : one.keys[column - 1];

  const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

  // Who has nothing in a column comes last, either way.
  const sort = (column, way) => {
    const ordered = [...rows].sort((a, b) => {
      const [one, other] = [key(a, column), key(b, column)];
      if (one === null || other === null) return compare(one === null, other === null) || a.place - b.place;
      return way * compare(one, other) || a.place - b.place;
    });
    body.append(...ordered.map(({ row }) => row));
    heads.forEach((head, place) => {
      if (place === column) head.setAttribute("aria-sort", way > 0 ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    });
  };

  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const words = column === 0 || column === heads.length - 1;
      const now = head.getAttribute("aria-sort");
      sort(column, now ? (now === "ascending" ? -1 : 1) : words ? 1 : -1);
    });
  });
  heads[0].setAttribute("aria-sort", "ascending");

  for (const control of [search, show, lacks]) control.addEventListener("input", filter);
  form.addEventListener("reset", () => setTimeout(filter));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  filter();
})();
