// SPDX-License-Identifier: Apache-2.0
// What the page begins with: the examples of the model's card, or else a question, and sentences that
// answer it or only sound like it. The best is not the first, so that it is the scores that put it there.
import { find, make } from "../base/dom.js";
import { say } from "../base/language.js";
import { shorten } from "../base/svg.js";

const MAX_OFFERED = 5; // of a card
const MAX_NAME = 28; // letters

const own = [
  {
    name: "Português + English",
    source: "Qual é a capital de Portugal?",
    sentences: [
      "Quanto custa um bilhete de comboio?",
      "Brasília is the capital of Brazil.",
      "Lisbon is the capital and largest city of Portugal.",
      "The recipe needs two eggs and a cup of flour.",
      "Lisboa é a capital de Portugal.",
      "O Porto é conhecido pelo seu vinho.",
    ],
  },
  {
    name: "English",
    source: "How can I get my money back?",
    sentences: [
      "To return an item, print the label in your order history.",
      "Our office is closed on public holidays.",
      "Refunds are paid within five working days.",
      "The bank raised its interest rate again.",
      "I would like to be reimbursed for my purchase.",
    ],
  },
];

/** Questions and the one answer of each, where others sound alike. */
const pairs = [
  ["How can I get my money back?", "Refunds are paid within five working days."],
  ["When does the shop open?", "We are there from nine in the morning until six."],
  ["Is there a guarantee?", "Every device is covered for two years after purchase."],
  ["How do I change my password?", "Choose Account, then Security, and enter a new secret word twice."],
  ["Can I pay in instalments?", "The amount may be spread over up to twelve months."],
  ["Do you deliver abroad?", "Parcels go to all countries of the European Union."],
  ["Where is my parcel?", "The tracking number in your mail shows how far a shipment has come."],
  ["How do I close my account?", "Write to us, and all your data are erased within a month."],
  ["Como devolvo um artigo?", "Imprima a etiqueta e entregue a encomenda nos correios."],
  ["Quanto custam os portes?", "O envio é gratuito a partir de trinta euros."],
  ["A loja abre ao domingo?", "Ao fim de semana estamos fechados."],
  ["Onde encontro a fatura?", "Os recibos estão na área de cliente, em Documentos."],
];

const judged = () => ({
  name: say("exampleJudged"),
  source: pairs[0][0],
  sentences: pairs.map(([, answer]) => answer).reverse(),
  questions: pairs.map(([text, answer]) => ({ text, right: [answer] })),
});

let offered = own;
let onPick = () => {};

export const firstExample = () => offered[0];

/** Offers a card's examples, as /info tells them, in place of those here, if it has any that compare. */
export function offerExamples(ofCard = []) {
  const whole = ofCard.filter(({ sentences }) => sentences.length).slice(0, MAX_OFFERED);
  const named = whole.map(({ source_sentence: source, sentences }) => ({ name: shorten(source, MAX_NAME), source, sentences }));
  offered = named.length ? named : own;
  const buttons = [...offered, judged()].map((example) => {
    const button = make("button", { type: "button", className: "quiet" }, example.name);
    button.addEventListener("click", () => onPick(example));
    return button;
  });
  find("examples").replaceChildren(...buttons);
}

/** onPick(example) is told of {source, sentences} and, where the example is judged, questions. */
export function setUpExamples(listener) {
  onPick = listener;
  offerExamples();
}
