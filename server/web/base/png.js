// SPDX-License-Identifier: Apache-2.0
// A chart (svg.js) as a picture to keep. The pages may load no picture that a script has made, and an SVG in
// a canvas would be one; so its shapes are painted again, each as it looks on the page.
const SCALE = 2; // points of the picture for one of the page

const number = (element, name) => Number(element.getAttribute(name));

function trace(context, element) {
  const pairs = element.getAttribute("points").split(" ").map((pair) => pair.split(",").map(Number));
  pairs.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
}

const paths = {
  polyline: trace,
  polygon(context, element) {
    trace(context, element);
    context.closePath();
  },
  line(context, element) {
    context.moveTo(number(element, "x1"), number(element, "y1"));
    context.lineTo(number(element, "x2"), number(element, "y2"));
  },
  circle: (context, element) => context.arc(number(element, "cx"), number(element, "cy"), number(element, "r"), 0, 2 * Math.PI),
};

const ANCHORS = { start: "left", middle: "center", end: "right" };

function write(context, element, style) {
  context.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  context.textAlign = ANCHORS[element.getAttribute("text-anchor") ?? "start"];
  context.fillStyle = style.fill;
  context.fillText(element.textContent, number(element, "x"), number(element, "y"));
}

function paint(context, element) {
  const style = getComputedStyle(element);
  if (element.tagName === "text") return write(context, element, style);
  context.beginPath();
  paths[element.tagName](context, element);
  if (style.fill !== "none" && element.tagName !== "line") {
    context.fillStyle = style.fill;
    context.fill();
  }
  if (style.stroke === "none") return;
  context.strokeStyle = style.stroke;
  context.lineWidth = parseFloat(style.strokeWidth);
  context.stroke();
}

/** On the ground of what it lies on; a Blob. */
export function toPng(svg) {
  const { width, height } = svg.viewBox.baseVal;
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: SCALE * width, height: SCALE * height });
  const context = canvas.getContext("2d");
  context.scale(SCALE, SCALE);
  context.fillStyle = getComputedStyle(svg.closest(".card")).backgroundColor;
  context.fillRect(0, 0, width, height);
  for (const element of svg.querySelectorAll([...Object.keys(paths), "text"].join())) paint(context, element);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}
