"use strict";

// The line between target and render follows the range input that lies over them.
for (const figure of document.querySelectorAll(".compare")) {
  const input = figure.querySelector("input");
  const follow = () => figure.style.setProperty("--at", input.value + "%");
  input.addEventListener("input", follow);
  follow();
}

const { axes, curves } = JSON.parse(document.getElementById("data").textContent);
const number = new Intl.NumberFormat("en", { maximumSignificantDigits: 5 });
const superscript = (text) => text.replace(/./g, (sign) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)]);

// "2e-4"
const rounded = (value) => Number(value.toPrecision(6)).toExponential();

// 0.0002 as 2·10⁻⁴
function tick(value) {
  if (value === 0 || Math.abs(value) >= 1e-2) return number.format(value);
  const [mantissa, exponent] = rounded(value).split("e");
  return (mantissa === "1" ? "" : mantissa + "\u00b7") + "10" + superscript(exponent);
}

// Ticks of a logarithmic axis are labelled at 1, 2 and 5 times a power of 10.
const logarithmic_tick = (value) => (/^[125]e/.test(rounded(value)) ? tick(value) : null);

// A curve of one value has room around it.
function range(values) {
  const [least, greatest] = [Math.min(...values), Math.max(...values)];
  if (least !== greatest) return {};
  const room = least === 0 ? 1 : Math.abs(least) / 50;
  return { suggestedMin: least === 0 ? 0 : least - room, suggestedMax: greatest + room };
}

const known = (curve) => curve.values.filter((value) => value !== null);

function points(curve, axis) {
  return curve.values.map((y, i) => ({ x: axes[axis][i], y }));
}

function description(curve) {
  const values = known(curve);
  const [first, last] = [values[0], values[values.length - 1]].map((value) => number.format(value));
  return `${curve.title} from ${first} to ${last} ${curve.unit}`.trim();
}

// A figure with the curve's name, its unit and a canvas.
function place(curve) {
  const figure = document.createElement("figure");
  figure.className = "chart";
  const caption = figure.appendChild(document.createElement("figcaption"));
  caption.appendChild(document.createElement("h3")).textContent = curve.title;
  caption.appendChild(document.createElement("span")).textContent = curve.unit;
  const canvas = figure.appendChild(document.createElement("div")).appendChild(document.createElement("canvas"));
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", description(curve));
  document.getElementById("charts").appendChild(figure);
  return canvas;
}

function draw(curve) {
  const data = points(curve, "steps");
  const alone = known(curve).length === 1;
  return new Chart(place(curve), {
    type: "line",
    data: { datasets: [{ data, borderWidth: 1.75, pointRadius: alone ? 4 : 0, pointHitRadius: 12, fill: !curve.logarithmic }] },
    options: {
      animation: false,
      maintainAspectRatio: false,
      normalized: true,
      interaction: { mode: "nearest", axis: "x", intersect: false },
      plugins: {
        legend: { display: false },
        tooltip: {
          displayColors: false,
          callbacks: {
            title: ([item]) => number.format(item.parsed.x) + (axis() === "steps" ? " steps" : " s"),
            label: (item) => `${number.format(item.parsed.y)} ${curve.unit}`.trim(),
          },
        },
      },
      scales: {
        x: { type: "linear", min: 0, ticks: { maxTicksLimit: 6, maxRotation: 0, callback: tick }, grid: { display: false } },
        y: {
          type: curve.logarithmic ? "logarithmic" : "linear",
          ...range(known(curve)),
          ticks: { maxTicksLimit: 6, precision: known(curve).every(Number.isInteger) ? 0 : undefined, callback: curve.logarithmic ? logarithmic_tick : tick },
          grid: { drawTicks: false, drawBorder: false },
        },
      },
    },
  });
}

const axis = () => document.querySelector("input[name=axis]:checked").value;

// Colours come from the style, so that charts are dark where the page is.
function paint(chart) {
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(name).trim();
  Object.assign(chart.data.datasets[0], { borderColor: color("--accent"), pointBackgroundColor: color("--accent"), backgroundColor: color("--wash") });
  for (const scale of Object.values(chart.options.scales)) {
    scale.ticks.color = color("--muted");
    scale.grid.color = color("--hairline");
    scale.grid.borderColor = color("--hairline");
  }
  Object.assign(chart.options.plugins.tooltip, { backgroundColor: color("--ink"), titleColor: color("--paper"), bodyColor: color("--paper") });
  chart.update();
}

if (document.getElementById("charts")) {
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  const charts = curves.map(draw);
  const paint_all = () => charts.forEach(paint);
  paint_all();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint_all);
  const fieldset = document.getElementById("axis");
  fieldset.hidden = false;
  fieldset.addEventListener("change", () => {
    charts.forEach((chart, i) => {
      chart.data.datasets[0].data = points(curves[i], axis());
      chart.update();
    });
  });
}
