// The page: what is typed and pressed goes to the wire, what comes back to the log.

import * as log from './log.js';
import * as programme from './programme.js';
import * as store from './store.js';
import * as wire from './wire.js';

const words = JSON.parse(document.getElementById('words').textContent);
const page = document.documentElement;
const composer = document.getElementById('composer');
const field = document.getElementById('text');
const menu = document.getElementById('menu');
const stateLine = document.getElementById('state');
const TYPING_AFTER = 500; // milliseconds without an answer

let typingTimer = 0;
let reader = page.dataset.language;

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

document.querySelector('.languages').addEventListener('click', async (event) => {
  const choice = event.target.closest('[data-language]');
  if (!choice) return;
  event.preventDefault();
  const { language } = choice.dataset;
  press(`language|${language}`, choice.textContent.trim());
  await settled(3000);
  turnTo(language);
});

// The person's language, as the server has it: changed by words, by a button, in another tab.
async function follow(language) {
  reader = language;
  await settled(3000);
  while (document.querySelector('dialog[open]')) await nap(200);
  if (!store.waiting()) turnTo(reader); // else what waits may change it once more
}

// The whole page in another language. What was said and what is being typed stay.
function turnTo(language) {
  if (language === page.dataset.language) return;
  store.state.isTyping = document.activeElement === field;
  keepDraft();
  location.replace(`/?lang=${language}`);
}

// Until all that was said is taken, but no longer than this: the rest is sent by the next page.
async function settled(milliseconds) {
  const end = Date.now() + milliseconds;
  while (store.waiting() && Date.now() < end) await nap(60);
}

const nap = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// --- the keyboard of a phone takes room that iOS does not tell the page about

const viewport = window.visualViewport;
viewport?.addEventListener('resize', () => {
  const wasAtEnd = log.isAtEnd();
  page.style.setProperty('--height', `${viewport.height}px`);
  if (wasAtEnd) log.scrollToEnd();
});

// --- begin

const asked = new URLSearchParams(location.search);
if (asked.get('lang')) {
  document.cookie = `lang=${page.dataset.language}; path=/; max-age=63072000; samesite=lax`;
}
if (location.search) history.replaceState(null, '', location.pathname + location.hash);

field.value = store.state.draft;
if (store.state.isTyping) field.focus();
store.state.isTyping = false;
grow();
log.redraw(store.state.items);
store.onOtherTab((isShorter) => {
  if (isShorter) return log.redraw(store.state.items);
  const isDrawn = (item) =>
    document.querySelector(item.key ? `[data-key="${item.key}"]` : `[data-sequence="${item.sequence}"]`);
  log.add(store.state.items.filter((item) => !isDrawn(item)));
});
if (asked.has('start') || !store.state.items.length) {
  store.addOwn('', { kind: 'start', payload: asked.get('start') ?? '' });
}
wire.connect({
  messages: (items) => {
    log.showTyping(false);
    log.add(items);
  },
  restart: (isSaid) => log.redraw(store.state.items, isSaid),
  reader: follow,
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
