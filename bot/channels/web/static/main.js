// The page: what is typed and pressed goes to the wire, what comes back to the log.

import * as language from './language.js';
import { words } from './language.js';
import * as log from './log.js';
import * as programme from './programme.js';
import * as store from './store.js';
import * as wire from './wire.js';

const page = document.documentElement;
const composer = document.getElementById('composer');
const field = document.getElementById('text');
const menu = document.getElementById('menu');
const stateLine = document.getElementById('state');
const TYPING_AFTER = 500; // milliseconds without an answer

let typingTimer = 0;

// --- the conversation

function say(label, posted) {
  const item = wire.submit(label, posted);
  log.add([item]);
}

const press = (action, label, message) => say(label, { kind: 'press', action, message });

function showFate(item, fate, why) {
  log.showFate(item, fate, why);
  clearTimeout(typingTimer);
  if (fate === 'sending') typingTimer = setTimeout(log.showTyping, TYPING_AFTER, true);
  else log.showTyping(false);
}

log.prepare({
  onPress: (button, sequence) => press(button.action, button.label, sequence || undefined),
  onRetry: wire.again,
});

// --- the composer

function grow() {
  field.style.height = 'auto';
  field.style.height = `${field.scrollHeight + 2}px`;
  composer.classList.toggle('empty', !field.value.trim());
}

function keepDraft() {
  store.state.draft = field.value;
  store.save();
}

composer.addEventListener('submit', (event) => {
  event.preventDefault();
  const text = field.value.trim();
  if (!text) return field.focus();
  field.value = '';
  keepDraft();
  grow();
  say(text, { kind: 'text', text });
});

field.addEventListener('keydown', (event) => {
  const isChoosingSigns = event.isComposing || event.keyCode === 229; // Safari ends composing before Enter
  if (event.key !== 'Enter' || event.shiftKey || isChoosingSigns) return;
  event.preventDefault();
  composer.requestSubmit();
});

field.addEventListener('input', grow);
field.addEventListener('change', keepDraft);
addEventListener('pagehide', () => field.value !== store.state.draft && keepDraft());

// --- menu, dialogs, language

document.getElementById('menu-button').addEventListener('click', () => menu.showModal());

menu.addEventListener('click', (event) => {
  const choice = event.target.closest('[data-command], a');
  if (!choice) return;
  menu.close();
  if (choice.dataset.command) say(choice.textContent.trim(), { kind: 'text', text: choice.dataset.command });
});

for (const dialog of document.querySelectorAll('dialog')) {
  dialog.addEventListener('click', (event) => {
    const isTapToClose = dialog.id === 'large' || event.target === dialog; // the dialog itself: beside its content
    if (isTapToClose || event.target.closest('[data-close]')) dialog.close();
  });
}

document.querySelector('.languages').addEventListener('click', (event) => {
  const choice = event.target.closest('[data-language]');
  if (!choice) return;
  event.preventDefault();
  const chosen = choice.dataset.language;
  press(`language|${chosen}`, choice.textContent.trim());
  language.turnTo(chosen);
});

language.onTurn(() => {
  stateLine.textContent = words[stateLine.dataset.state];
  log.turn();
  programme.refresh();
});

// --- the keyboard of a phone takes room that iOS does not tell the page about

const viewport = window.visualViewport;
viewport?.addEventListener('resize', () => {
  const wasAtEnd = log.isAtEnd();
  page.style.setProperty('--height', `${viewport.height}px`);
  if (wasAtEnd) log.scrollToEnd();
});

// --- begin

const asked = new URLSearchParams(location.search);
if (asked.get('lang')) language.keep();
if (location.search) history.replaceState(null, '', location.pathname + location.hash);

field.value = store.state.draft;
grow();
log.redraw(store.state.items);
store.onOtherTab((isShorter) => {
  if (isShorter) return log.redraw(store.state.items);
  log.add(store.state.items.filter((item) => !log.isDrawn(item)));
});
if (asked.has('start') || !store.state.items.length) {
  store.addOwn('', { kind: 'start', payload: asked.get('start') ?? '' });
}
wire.connect({
  messages: (items) => {
    clearTimeout(typingTimer); // the stream may be faster than the post's own answer
    log.showTyping(false);
    log.add(items);
  },
  restart: (isSaid) => log.redraw(store.state.items, isSaid),
  reader: language.turnTo, // changed by words, by a button, in another tab
  fate: showFate,
  state: (name) => {
    stateLine.dataset.state = name;
    stateLine.textContent = words[name];
  },
});
programme.prepare({ onSession: (id, title) => press(`session|${id}`, title) });

if ('serviceWorker' in navigator) {
  addEventListener('load', () => navigator.serviceWorker.register('/sw.js').catch(() => {}));
}
