// The whole programme, readable without a network once it was seen. The copy is kept beside the page
// (Cache Storage, where the browser has it: on https and localhost) and always says how old it is.

import { current, words } from './language.js';

const CACHE = 'programme';
const dialog = document.getElementById('programme');
const stateLine = document.getElementById('programme-state');
const days = document.getElementById('programme-days');
const body = document.getElementById('programme-body');

let shown = ''; // what is drawn, as JSON
let language = ''; // and in which language
let openInChat = () => {};

export function prepare({ onSession }) {
  openInChat = onSession;
  dialog.addEventListener('close', () => location.hash === '#programme' && history.back());
  addEventListener('hashchange', follow);
  if (location.hash === '#programme') {
    history.replaceState(null, '', location.pathname);
    location.hash = 'programme'; // so that going back leads to the chat
  }
  refresh();
}

function follow() {
  const isWanted = location.hash === '#programme';
  if (isWanted && !dialog.open) {
    dialog.showModal();
    body.scrollTop = 0;
    refresh();
  } else if (!isWanted && dialog.open) {
    dialog.close();
  }
}

// The kept copy at once, then the network's.
export async function refresh() {
  const address = `/programme.json?lang=${current()}`;
  const kept = await keptCopy(address);
  if (kept && (!shown || language !== current())) draw(kept);
  try {
    const response = await fetch(address);
    if (!response.ok) throw new Error(`programme: ${response.status}`);
    const copy = response.clone();
    const programme = await response.json();
    if (programme.language === current()) draw(programme);
    if (globalThis.caches) await (await caches.open(CACHE)).put(address, copy);
  } catch {
    if (kept) draw(kept, `${words.offline} · `);
    else if (!shown) body.replaceChildren(element('p', 'zone', words.no_programme));
  }
}

async function keptCopy(address) {
  try {
    return await (await (await caches.open(CACHE)).match(address))?.json();
  } catch {
    return undefined;
  }
}

function draw(programme, before = '') {
  stateLine.textContent = before + programme.as_of;
  const text = JSON.stringify(programme);
  if (text === shown) return;
  shown = text;
  language = programme.language;
  const { event = {}, days: all = [], places = [] } = programme;
  const sections = all.map((day) => section(day.title, (day.sessions ?? []).map(drawSession)));
  if (places.length) sections.push(section(words.places, places.map(drawPlace)));
  const zone = event.zone_note ? [element('p', 'zone', event.zone_note)] : [];
  body.replaceChildren(...zone, ...sections);
  days.replaceChildren(...sections.map(shortcut));
}

function section(title, cards) {
  return element('section', '', element('h3', '', title), ...cards);
}

function shortcut(target) {
  const button = element('button', 'chip', target.firstChild.textContent);
  button.type = 'button';
  button.addEventListener('click', () => target.scrollIntoView());
  return button;
}

function drawSession({ id, time, title, place, theme, people, status, status_note: note, abstract }) {
  const head = [element('span', 'time', time ?? '')];
  if (status) head.push(' ', element('span', 'status', status));
  head.push(element('span', 'title', title));
  if (place) head.push(element('span', 'more', place));
  const button = element('button', 'chip', words.in_chat);
  button.type = 'button';
  button.addEventListener('click', () => {
    dialog.close();
    openInChat(id, title);
  });
  const facts = [note, theme, abstract, people].filter(Boolean).map((text) => element('p', '', text));
  const inside = element('div', 'body', ...facts, element('div', 'actions', button));
  return element('details', 'session', element('summary', '', ...head), inside);
}

function drawPlace({ name, address: street, directions }) {
  const head = element('summary', '', element('span', 'title', name));
  if (street) head.append(element('span', 'more', street));
  if (directions) return element('details', 'session', head, element('div', 'body', element('p', '', directions)));
  return element('div', 'session', element('div', 'head', ...head.childNodes));
}

function element(name, className, ...children) {
  const node = document.createElement(name);
  if (className) node.className = className;
  node.append(...children);
  return node;
}
