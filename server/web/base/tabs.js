// SPDX-License-Identifier: Apache-2.0
// Tabs as ARIA's pattern has them: one of them takes part in the order of the Tab key, the arrows, Home
// and End go from one to the next, and to go there is to choose.

const steps = (tabs, at) => ({
  ArrowRight: (at + 1) % tabs.length,
  ArrowLeft: (at - 1 + tabs.length) % tabs.length,
  Home: 0,
  End: tabs.length - 1,
});

/** The list's tabs, role="tab" with an id each; onPick(id) is told whenever another is chosen. Gives pick(id). */
export function setUpTabs(list, onPick) {
  const tabs = [...list.querySelectorAll("[role=tab]")];

  function pick(id) {
    for (const tab of tabs) {
      const isPicked = tab.id === id;
      tab.setAttribute("aria-selected", String(isPicked));
      tab.tabIndex = isPicked ? 0 : -1;
    }
    onPick(id);
  }

  for (const tab of tabs) tab.addEventListener("click", () => pick(tab.id));
  list.addEventListener("keydown", (event) => {
    const next = tabs[steps(tabs, tabs.indexOf(event.target))[event.key]];
    if (!next || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    pick(next.id);
    next.focus();
  });
  return pick;
}
