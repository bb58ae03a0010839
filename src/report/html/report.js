// Reads out the values under the pointer. The page is complete without it.
for (const figure of document.querySelectorAll("figure.plot")) {
  const source = figure.querySelector("script");
  const svg = figure.querySelector("svg");
  if (!source || !svg) continue;
  const { days, series, range, plot, percent, digits } = JSON.parse(source.textContent);
  const { width, height } = svg.viewBox.baseVal;
  const cursor = document.createElementNS("http://www.w3.org/2000/svg", "line");
  const readout = document.createElement("div");
  cursor.setAttribute("class", "cursor");
  readout.className = "readout";

  const show = (value) => {
    if (value === null || value === undefined) return "–";
    const text = (percent ? value * 100 : value).toFixed(digits) + (percent ? "%" : "");
    return text.replace("-", "\u2212");
  };
  const nearest = (day) => {
    let low = 0, high = days.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (days[middle] <= day) low = middle; else high = middle;
    }
    return day - days[low] < days[high] - day ? low : high;
  };
  const line = (left, right) => {
    const row = document.createElement("div");
    row.append(...left);
    if (right !== undefined) row.appendChild(document.createElement("b")).textContent = right;
    return row;
  };
  const swatch = (colour) => {
    const patch = document.createElement("i");
    patch.className = "swatch c-" + colour;
    return patch;
  };

  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const frame = figure.getBoundingClientRect();
    const share = ((event.clientX - box.left) / box.width - plot[0]) / (plot[1] - plot[0]);
    if (share < 0 || share > 1) return hide();
    const at = nearest(range[0] + share * (range[1] - range[0]));
    const place = plot[0] + ((days[at] - range[0]) / (range[1] - range[0])) * (plot[1] - plot[0]);
    const ends = { x1: place * width, x2: place * width, y1: plot[2] * height, y2: plot[3] * height };
    for (const name in ends) cursor.setAttribute(name, ends[name]);
    const date = new Date(days[at] * 864e5).toISOString().slice(0, 10);
    const lines = series.map((one) => line([swatch(one.colour), one.name], show(one.values[at])));
    readout.replaceChildren(line([date]), ...lines);
    svg.append(cursor);
    figure.append(readout);
    const x = box.left - frame.left + place * box.width;
    const room = x + 14 + readout.offsetWidth < frame.width;
    readout.style.left = (room ? x + 14 : Math.max(0, x - 14 - readout.offsetWidth)) + "px";
    readout.style.top = box.top - frame.top + 12 + "px";
  });
  const hide = () => { cursor.remove(); readout.remove(); };
  svg.addEventListener("pointerleave", hide);
}
