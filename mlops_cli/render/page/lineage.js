"use strict";
(() => {
  const all = JSON.parse(document.getElementById("nodes").textContent);
  const box = document.getElementById("drawing");
  const svg = box.querySelector("svg");
  const panel = document.getElementById("facts");
  const nodes = [...svg.querySelectorAll(".node")];
  const edges = [...svg.querySelectorAll(".edge")];
  const width = svg.viewBox.baseVal.width;
  const height = svg.viewBox.baseVal.height;
  const before = nodes.map(() => []);
  const after = nodes.map(() => []);
  for (const edge of edges) {
    const start = Number(edge.dataset.from);
    const end = Number(edge.dataset.to);
    after[start].push(end);
    before[end].push(start);
  }
  let scale = 1;

  function zoom(value) {
    scale = Math.min(3, Math.max(0.1, value));
    svg.style.width = `${width * scale}px`;
    svg.style.height = `${height * scale}px`;
  }

  function reach(start, beside) {
    const seen = new Set([start]);
    for (const node of seen) for (const other of beside[node]) seen.add(other);
    return seen;
  }

  function element(name, text) {
    const made = document.createElement(name);
    made.textContent = text;
    return made;
  }

  function choose(number) {
    const related = new Set([...reach(number, before), ...reach(number, after)]);
    nodes.forEach((node, index) => {
      node.classList.toggle("chosen", index === number);
      node.setAttribute("aria-pressed", String(index === number));
      node.classList.toggle("far", !related.has(index));
    });
    for (const edge of edges) {
      edge.classList.toggle("far", !(related.has(Number(edge.dataset.from)) && related.has(Number(edge.dataset.to))));
    }
    const rows = document.createElement("dl");
    for (const [title, text] of all[number].facts) rows.append(element("dt", title), element("dd", text));
    panel.replaceChildren(element("h2", all[number].label), element("p", all[number].kind), rows);
  }

  function clear() {
    for (const item of [...nodes, ...edges]) item.classList.remove("far", "chosen");
    for (const node of nodes) node.setAttribute("aria-pressed", "false");
    panel.replaceChildren(element("p", "Choose a node to see what is known of it."));
  }

  function show(number) {
    choose(number);
    nodes[number].focus({ preventScroll: true });
    nodes[number].scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  nodes.forEach((node, number) => {
    node.addEventListener("click", () => choose(number));
    node.addEventListener("keydown", (event) => {
      const next = { ArrowLeft: before[number], ArrowRight: after[number] }[event.key];
      if (event.key === "Enter" || event.key === " ") {
        choose(number);
      } else if (next && next.length) {
        show(next[0]);
      } else {
        return;
      }
      event.preventDefault();
    });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") clear();
  });
  document.getElementById("larger").addEventListener("click", () => zoom(scale * 1.25));
  document.getElementById("smaller").addEventListener("click", () => zoom(scale / 1.25));
  document.getElementById("fit").addEventListener("click", () => {
    zoom(Math.min(box.clientWidth / width, box.clientHeight / height));
  });
  const find = document.getElementById("find");
  find.addEventListener("input", () => {
    const words = find.value.trim().toLowerCase();
    if (!words) return clear();
    const number = all.findIndex((node) =>
      `${node.label} ${node.facts.map((row) => row[1]).join(" ")}`.toLowerCase().includes(words));
    if (number < 0) return;
    choose(number);
    nodes[number].scrollIntoView({ block: "center", inline: "center" });
  });
  const fitting = box.clientWidth / width;
  zoom(fitting < 1 ? Math.max(fitting, 0.85) : 1);
  const start = nodes.findIndex((node) => node.classList.contains("start"));
  if (start >= 0) {
    choose(start);
    for (const item of [...nodes, ...edges]) item.classList.remove("far");
    const place = nodes[start].getBoundingClientRect();
    box.scrollLeft = place.left - box.getBoundingClientRect().left - (box.clientWidth - place.width) / 2;
    box.scrollTop = place.top - box.getBoundingClientRect().top - (box.clientHeight - place.height) / 2;
  }
})();
