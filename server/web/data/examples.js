// SPDX-License-Identifier: Apache-2.0
// What the page begins with: a question, and sentences that answer it or only sound like it. The best is
// not the first, so that it is the scores that put it there.
export const examples = {
  mixed: {
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
  english: {
    source: "How can I get my money back?",
    sentences: [
      "To return an item, print the label in your order history.",
      "Our office is closed on public holidays.",
      "Refunds are paid within five working days.",
      "The bank raised its interest rate again.",
      "I would like to be reimbursed for my purchase.",
    ],
  },
};
