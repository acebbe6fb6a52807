// The two ways to the server: updates are posted one by one until they are taken; messages come by a
// stream that reopens by itself. A post's answer also brings messages, so one round trip is enough
// when the stream is down. Sending twice is harmless: the key is the same.

import { current } from './language.js';
import * as store from './store.js';

const POST_PATIENCE = 25_000;
const HELLO_PATIENCE = 15_000;
const BEAT_PATIENCE = 50_000; // the server beats each 20 s
const HIDDEN_PATIENCE = 60_000; // a page in the background lets its connection go
const LONGEST_PAUSE = 20_000;

let on; // { messages(list), restart(isSaid), reader(language), fate(item, fate, why), state(name) }
let source = null;
let failures = 0;
let watchdog = 0;
let reopening = 0;
let hiding = 0;
let isFlushing = false;
let rouse = () => {};

export function connect(callbacks) {
  on = callbacks;
  on.state('connecting');
  open();
  flush();
  addEventListener('online', hurry);
  addEventListener('offline', () => fail(true));
  addEventListener('pageshow', (event) => event.persisted && hurry());
  document.addEventListener('visibilitychange', () => {
    clearTimeout(hiding);
    if (document.hidden) hiding = setTimeout(close, HIDDEN_PATIENCE);
    else if (!source) hurry();
  });
}

export function submit(label, posted) {
  const item = store.addOwn(label, posted);
  flush();
  return item;
}

export function again(key) {
  const item = store.own(key);
  if (!item) return;
  store.wait(item);
  flush();
}

function hurry() {
  if (!source) open();
  flush();
}

// --- posting

async function flush() {
  rouse();
  if (isFlushing) return;
  isFlushing = true;
  let tries = 0;
  for (let item = store.waiting(); item; item = store.waiting()) {
    on.fate(item, 'sending');
    const { pause, why } = await post(item);
    if (pause !== undefined) {
      tries += 1;
      for (const other of store.state.items) if (other.fate === 'waiting') on.fate(other, 'queued', why);
      await nap(pause || backoff(tries));
      continue;
    }
    tries = 0;
    store.settle(item.key, why);
    on.fate(item, why ? 'refused' : 'sent', why);
  }
  isFlushing = false;
}

// {} once taken, {why} where it will never be, {pause, why?} to try again (0: as long as seems right).
async function post(item) {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), POST_PATIENCE);
  try {
    const { last: after, conversation } = store.state;
    const response = await fetch('/chat/updates', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ ...item.posted, key: item.key, after, conversation, language: current() }),
      signal: patience.signal,
    });
    const answer = await response.json(); // fails where a hotel's sign-in page answers instead
    if (response.ok) {
      take(answer, item);
      return {};
    }
    const wait = Number(response.headers.get('Retry-After'));
    if (response.status === 429 || response.status >= 500) return { pause: wait * 1000, why: answer.error };
    return { why: String(answer.error) };
  } catch {
    fail(!navigator.onLine);
    return { pause: 0 };
  } finally {
    clearTimeout(timer);
  }
}

function take(answer, item) {
  if (answer.erased) forget(answer.messages, [item.key]);
  const isOther = meet(answer.conversation) || answer.erased;
  if (answer.restarted) begin({ erased: true });
  if (!answer.erased) receive(answer.messages);
  tell(answer.language, item);
  if (isOther || !source) open(); // the stream is that of the conversation before, or down no longer
  else if (source.isOpen) on.state('online');
}

// --- listening

function open() {
  close();
  const { last, conversation } = store.state;
  const opened = new EventSource(`/chat/stream?after=${last}&conversation=${conversation}`);
  source = opened;
  watch(HELLO_PATIENCE);
  const hear = (name, act) =>
    opened.addEventListener(name, (event) => {
      if (opened !== source) return;
      watch(BEAT_PATIENCE);
      act(JSON.parse(event.data));
    });
  hear('hello', (data) => {
    opened.isOpen = true;
    failures = 0;
    meet(data.conversation);
    on.state('online');
    flush();
  });
  hear('restart', () => begin({ erased: true }));
  hear('erased', ({ messages, keys }) => forget(messages, keys));
  hear('reader', ({ language }) => tell(language));
  hear('message', (message) => receive([message]));
  hear('beat', () => {});
  opened.onerror = () => opened === source && fail(!navigator.onLine);
}

function close() {
  clearTimeout(watchdog);
  clearTimeout(reopening);
  source?.close();
  source = null;
}

function fail(isSure) {
  close();
  failures += 1;
  on.state(isSure || failures > 1 ? 'offline' : 'connecting');
  if (!document.hidden) reopening = setTimeout(open, backoff(failures));
}

function watch(patience) {
  clearTimeout(watchdog);
  watchdog = setTimeout(() => fail(false), patience);
}

// Learn which conversation the server has us in. True where it is another than we thought.
function meet(conversation) {
  const before = store.state.conversation;
  if (!conversation || conversation === before) return false;
  store.state.conversation = conversation;
  if (before) begin({ erased: false });
  else store.save();
  return Boolean(before);
}

function begin(how) {
  store.restart(how);
  on.restart(false);
}

// The person's language; where more is to be sent, that may change it yet, and its answer tells.
function tell(language, item) {
  if (language && !store.state.items.some((other) => other.fate === 'waiting' && other.key !== item?.key)) on.reader(language);
}

function forget(goodbye, keys) {
  store.forget(goodbye, keys);
  on.restart(true);
}

function receive(messages) {
  const added = messages.map(store.addMessage).filter(Boolean);
  if (!added.length) return;
  store.save();
  on.messages(added);
}

// --- waiting

// Doubling, with a share of chance so that a hall full of phones does not come back as one.
function backoff(tries) {
  return Math.min(500 * 2 ** tries, LONGEST_PAUSE) * (0.6 + 0.4 * Math.random());
}

function nap(milliseconds) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    rouse = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}
