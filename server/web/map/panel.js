// SPDX-License-Identifier: Apache-2.0
// The tab that lays the texts out on a plane, along the two directions in which their vectors differ most.
import { CanvasChart } from "../base/canvas.js";
import { find, setText } from "../base/dom.js";
import { say } from "../base/language.js";
import { number } from "../base/locale.js";
import { hideProgress, showProgress } from "../base/progress.js";
import { fillDetails, makeScroll, makeTable } from "../base/table.js";
import { collect, wantAll } from "../data/collect.js";
import { pack } from "../numbers/matrix.js";
import { Work } from "../numbers/work.js";
import { Points } from "./points.js";

const MAX_TEXTS = 5000;
const MAX_TABLE = 200;

export class MapPanel {
  #work = new Work();
  #points = new Points();
  #chart = new CanvasChart(find("plane"), say("planeLabel"), this.#points);
  #key = "";
  #shown = null; // {texts, map}

  constructor() {
    find("plane-table").addEventListener("toggle", () => this.#showTable());
  }

  wants(form) {
    return [{ texts: wantAll(form, MAX_TEXTS) }];
  }

  async show(view, setAnswer) {
    const key = `${view.version} ${view.n}`;
    if (key === this.#key) return;
    this.hide(); // what is being made is of before
    this.#key = key;
    const entries = collect(view, MAX_TEXTS);
    if (entries.length < 3) return this.#take(null, setAnswer, view);
    try {
      const input = { matrix: pack(entries.map(({ vector }) => vector)), n: view.n };
      const onProgress = (share) => showProgress(say("mapping"), share, 1);
      const map = await this.#work.run("findMap", input, { transfer: [input.matrix.data.buffer], onProgress });
      if (key !== this.#key) return;
      hideProgress();
      this.#take({ texts: entries.map(({ text }) => text), map }, setAnswer, view);
    } catch (error) {
      if (error.isSuperseded) return;
      hideProgress();
      setAnswer(say("failed", error.message));
    }
  }

  hide() {
    this.#work.stop();
    this.#key = "";
    hideProgress();
  }

  #take(shown, setAnswer, { source, rows, n }) {
    this.#shown = shown;
    this.#points.set(shown?.texts ?? [], shown?.map ?? null, Boolean(source.vector));
    this.#chart.renew();
    this.#showTable();
    setText(find("plane-note"), rows.length + 1 > MAX_TEXTS ? say("onlyFirst", MAX_TEXTS) : "");
    const [first, second] = shown?.map.shares ?? [];
    setAnswer(shown ? say("mapShares", number(100 * (first + second), 0), n) : say("needThree"));
  }

  #showTable() {
    find("plane-table").hidden = !this.#shown;
    fillDetails(find("plane-table"), () => (this.#shown ? [this.#makeTable()] : []));
  }

  #makeTable() {
    const { texts, map } = this.#shown;
    const rows = texts.slice(0, MAX_TABLE).map((text, i) => [text, number(map.xs[i]), number(map.ys[i])]);
    return makeScroll(say("planeLabel"), makeTable(say("planeLabel"), [say("sentence"), "x", "y"], rows));
  }
}
