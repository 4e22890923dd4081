// SPDX-License-Identifier: Apache-2.0
// English. What always stands on a page is in its HTML.
import { bytes, number, whole } from "../base/locale.js";

const count = (n, one, many) => `${whole(n)} ${n === 1 ? one : many}`;
const sentences = (n) => count(n, "sentence", "sentences");
const texts = (n) => count(n, "text", "texts");
const PARTS = { 2: "half", 3: "a third", 4: "a quarter", 5: "a fifth", 6: "a sixth", 8: "an eighth", 10: "a tenth", 12: "a twelfth", 16: "a sixteenth" };

export default {
  // the theme
  themeAuto: "Theme: system",
  themeLight: "Theme: light",
  themeDark: "Theme: dark",

  // the form
  source: "Source sentence",
  sentenceN: (n) => `Sentence ${n}`,
  removeN: (n) => `Remove sentence ${n}`,
  line: (n) => `Line ${n}`,
  andMore: (n) => `And ${n} more.`,
  nMore: (n) => `${n} more`,
  held: (n) => `${sentences(n)}, beginning with:`,
  exampleJudged: "Questions and answers",

  // files, links
  reading: "Reading…",
  taken: (nSentences, nQuestions) => `${sentences(nSentences)}${nQuestions ? ` and ${count(nQuestions, "question", "questions")}` : ""} taken.`,
  tooMany: (nSentences, nQuestions) => `The page takes at most ${whole(nSentences)} sentences and ${whole(nQuestions)} questions; the rest is left out.`,
  tooLarge: (max) => `The page reads at most ${bytes(max)}.`,
  nothingFound: "There is no sentence in it.",
  badFile: (name, line, reason) => `${name}, line ${line}: ${reason}`,
  unreadable: (message) => `It cannot be read: ${message}`,
  quoteOpen: "a quotation mark is opened here and never closed.",
  notJson: "this is not JSON.",
  noText: "neither a text nor an object.",
  linkTooLong: "The texts are too long for a link.",
  linkCopied: "Link copied. It holds the texts; no server sees them.",
  linkInAddress: "The address bar holds the link now.",

  // notes and problems
  tooLong: (max) => `Too long: the model takes at most ${max} tokens, and this server cuts no text.`,
  tooLongForRequest: "Too long for a request to this server.",
  notTaken: (message) => `The server does not take this text: ${message}`,
  cutTo: (max) => `Cut to the ${max} tokens that the model takes.`,
  notCompared: (names, reason) => `${names}: not compared. ${reason}`,
  keyRefused: "The server does not accept this API key.",
  keyWanted: "This server asks for an API key.",
  busy: "The server has as much work as it takes.",
  unreachable: "The server cannot be reached.",
  notRead: "The server's answer cannot be read.",
  status: (status) => `Status ${status}`,
  anotherModel: "The server has another model now.",
  tryingAgain: (seconds) => `Trying again in ${seconds} s.`,
  progress: (nTold, nAsked) => `${whole(nTold)} of ${texts(nAsked)}`,
  textsIn: (n, ms, detail) => `${texts(n)} in ${ms} ms${detail && ` (${detail})`}`,

  // dimensions
  float32: "float32",
  int8: "int8",
  binary: "binary",
  nOfFull: (n, full) => `${n} of ${full}`,
  dimensionsOfFull: (n, full) => `${n} of ${full} dimensions`,
  million: (float32, int8, binary) => `A million texts: ${float32} as float32, ${int8} as int8, ${binary} as bits.`,
  share: (n, full) => PARTS[full / n] ?? (3 * n === 2 * full ? "two thirds" : `${number((100 * n) / full, 0)} %`),

  // compare
  empty: "Write a source sentence and at least one to compare it with.",
  answerOfOne: "Add a second sentence to see whether the order stays.",
  answerNone: (lost, full) => `Only ${full} of ${full} is sure: at ${lost} another answer comes first.`,
  answerOrder: (n, full, share) => `At ${n} of ${full} the whole order stays, and a vector takes ${share}.`,
  answerBest: (n, full, share, order) =>
    `At ${n} of ${full} the best answer stays, and a vector takes ${share}. ${order < full ? `The whole order stays down to ${order}.` : "The order below it changes."}`,
  asTable: "As a table",
  sentence: "Sentence",
  bumpLabel: (nLines, nColumns) => `Places of ${sentences(nLines)} at ${nColumns} sizes`,
  bumpTable: "Place of each sentence at each size, with its score",
  tie: (nTied, n) => `${nTied} of ${sentences(n)} tie`,
  changePlaces: (nMoved, n) => `${nMoved} of ${n} change places`,
  orderStays: "the order stays",
  noChangeOver: (largest) => `no score changes by more than ${largest}.`,
  withoutScore: (n) => `${sentences(n)} without a score.`,
  atFullSize: (nTied, n) => `At full size${nTied ? `, where ${nTied} of ${sentences(n)} tie` : ""}. Move the slider to see what fewer dimensions change.`,
  moreSentences: (n) => `And ${sentences(n)} below these.`,
  atFull: "At full size",
  notScored: "Not scored.",
  score: (score) => `Score ${score}`,
  fromFull: (change) => `${change} from full size`,
  up: (n) => `up ${count(n, "place", "places")}`,
  down: (n) => `down ${count(n, "place", "places")}`,
  tiedWith: (n) => `tied with ${count(n, "other", "others")}`,
  ofCut: "of a text that was cut",
  cut: "cut",
  tied: "tied",

  // evaluate
  binaryRescored: "binary, rescored",
  noQuestions: "Write or drop questions; a table of questions and answers brings its own marks.",
  marked: (n, all) => `${whole(n)} of ${count(all, "question has", "questions have")} a right answer among the sentences.`,
  questionOf: (at, n) => `${whole(at)} of ${whole(n)}`,
  evaluate: "Evaluate",
  stop: "Stop",
  evaluateHint: "Mark right answers, and see how often each size finds them.",
  evaluating: "Searching and resampling",
  failed: (message) => `That went wrong: ${message}`,
  isEnough: (n, full, format, metric, ratio) => `${n} of ${full} dimensions as ${format}: ${metric} is within 1 % of full size with 95 % confidence; ${ratio} times smaller.`,
  noneEnough: (metric, full) => `None is within 1 % of full size with 95 % confidence, by ${metric}: keep ${full} dimensions as float32.`,
  fewQuestions: (n) => `${count(n, "question is", "questions are")} few: more would say more.`,
  reportCaption: (format) => `Figures at each size, as ${format}`,
  reportNote: "Below each figure: where its difference from full size lies, with 95 % confidence. Below each size: what a million texts take.",
  asFull: "full size",
  metric: "Metric",
  plotLabel: (metric) => `${metric} against the bytes of a text, by format, with intervals of the difference from full size`,
  bytesPerText: "bytes per text",
  cardCaption: "What the model's author measured",

  // matrix and map
  heatLabel: "How close each text is to each. Arrow keys read the cells.",
  pairScore: (a, b, score) => `${score}: ${a} – ${b}`,
  closest: (a, b, score, n) => `Closest at ${n}: “${a}” and “${b}”, ${score}.`,
  needTwo: "Two sentences or more can be compared with each other.",
  onlyFirst: (n) => `Only the first ${whole(n)} are shown.`,
  planeLabel: "Texts as points: near to each other where their vectors are. Arrow keys go from one to the next.",
  mapping: "Drawing the map",
  mapShares: (percent, n) => `This plane shows ${percent} % of what differs at ${n} dimensions.`,
  needThree: "A map takes three sentences or more.",
  sourceIs: (text) => `Source: ${text}`,

  // the request as code
  codeTooLong: (max) => `With more than ${max} sentences the request is too long to read here.`,
  nothingToCopy: "There is nothing to copy yet.",
  copied: "Copied.",
  selectedToCopy: "Selected: copy it with the keyboard.",
};
