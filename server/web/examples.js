// SPDX-License-Identifier: Apache-2.0
// What the page begins with: a question, sentences that answer it or only sound like it.
export const examples = {
  mixed: {
    source: "Qual é a capital de Portugal?",
    sentences: [
      "Lisboa é a capital de Portugal.",
      "Lisbon is the capital and largest city of Portugal.",
      "O Porto é conhecido pelo seu vinho.",
      "Brasília is the capital of Brazil.",
      "Quanto custa um bilhete de comboio?",
      "The recipe needs two eggs and a cup of flour.",
    ],
  },
  english: {
    source: "How can I get my money back?",
    sentences: [
      "Refunds are paid within five working days.",
      "To return an item, print the label in your order history.",
      "Our office is closed on public holidays.",
      "The bank raised its interest rate again.",
      "I would like to be reimbursed for my purchase.",
    ],
  },
};
