// Draws the conversation. Everything is text to the browser: no HTML comes from the server.

import { words } from './language.js';
import { isInWeChat } from './wechat.js';

const log = document.getElementById('log');
const newest = document.getElementById('newest');
const large = document.getElementById('large');
const NEAR = 120; // pixels from the end that still count as being there
const TALL = 160; // pixels; a longer question may leave the screen to its answer
const typing = element('div', 'message', element('div', 'bubble typing', element('span')));
const SLOW = 900; // milliseconds
const REST = 700; // milliseconds
const TURN = 2000; // milliseconds within which answers that come one by one belong together
const SAFE_LINK = /^(https?:|tel:|mailto:|\/(?!\/))/i;
const PIN = 'M12 21s7-6.5 7-11.5a7 7 0 0 0-14 0C5 14.5 12 21 12 21z';
const DOWN = 'M12 4v11M7 11l5 5 5-5M5 20h14';
const TAXI = 'M4 17v-5l2-5.5h12l2 5.5v5zM4 12h16M10 6.5V4h4v2.5M7 17v2.5M17 17v2.5M7.5 14.5h.01M16.5 14.5h.01';

let press = () => {};
let retry = () => {};
let anchor = null; // the first answer of the turn, which stays in sight while others follow it
let anchoredAt = 0; // where that left the log: elsewhere, the reader has moved
let addedAt = 0;
let tapped = { timeStamp: -Infinity, clientX: 0, clientY: 0 };
let unseen = null; // the first message that came below what the reader looks at

// onPress(button, sequence): a button under a message. onRetry(key): an own message once more.
export function prepare({ onPress, onRetry }) {
  press = onPress;
  retry = onRetry;
  typing.setAttribute('aria-hidden', 'true');
  newest.addEventListener('click', () => scrollTo(unseen ?? log.lastElementChild));
  log.addEventListener('scroll', hidePill, { passive: true });
}

// isSaid: read out what is drawn.
export function redraw(items, isSaid = false) {
  if (!isSaid) log.setAttribute('aria-live', 'off');
  const hadFocus = log.contains(document.activeElement);
  showPill(null);
  log.replaceChildren(...items.map(draw).filter(Boolean));
  markLatest();
  if (hadFocus) log.focus();
  log.scrollTop = log.scrollHeight;
  setTimeout(() => log.setAttribute('aria-live', 'polite'), 500);
}

// New items, each at its place. A long answer is shown from its beginning, under its question.
export function add(items) {
  const wasAtEnd = isAtEnd();
  const fresh = items.filter((item) => !exchange(item));
  const drawn = fresh.map((item) => [item, draw(item)]).filter(([, node]) => node);
  for (const [item, node] of drawn) {
    node.classList.add('new');
    log.insertBefore(node, placeOf(item));
  }
  if (!drawn.length) return;
  markLatest();
  const [[first, node]] = drawn;
  const isTurn = anchor?.isConnected && Date.now() - addedAt < TURN && log.scrollTop === anchoredAt;
  addedAt = Date.now();
  if (first.key) {
    anchor = null;
    showPill(null);
    scrollToEnd();
  } else if (isTurn || wasAtEnd) {
    if (!isTurn) anchor = node;
    scrollTo(anchor);
    anchoredAt = log.scrollTop;
  } else {
    showPill(unseen ?? node);
  }
}

// As it is now: what took its place may be another.
export function isDrawn({ key, sequence, by }) {
  const node = log.querySelector(key ? `[data-key="${key}"]` : `[data-sequence="${sequence}"]`);
  return Boolean(node) && (node.dataset.by ?? '') === String(by || '');
}

// Whether the item takes the place of what is drawn: a correction, or the line that it was withdrawn.
function exchange(item) {
  const old = item.by && log.querySelector(`[data-sequence="${item.sequence}"]`);
  if (!old) return false;
  const isLatest = old.classList.contains('latest');
  const hadFocus = old.contains(document.activeElement);
  const node = draw(item);
  node.classList.add('new');
  node.classList.toggle('latest', isLatest);
  if (anchor === old) anchor = node;
  old.replaceWith(node);
  if (unseen === old) unseen = node;
  if (hadFocus) log.focus();
  if (!isInView(node)) showPill(unseen ?? node);
  return true;
}

const isInView = ({ offsetTop, offsetHeight }) =>
  offsetTop + offsetHeight > log.scrollTop && offsetTop < log.scrollTop + log.clientHeight;

function hidePill() {
  if (unseen && (isInView(unseen) || (isAtEnd() && !unseen.dataset.by))) showPill(null);
}

// The page's own words on what is drawn, once it is in another language.
export function turn() {
  for (const node of log.querySelectorAll('[data-word]')) say(node);
}

function say(node) {
  node.lang = document.documentElement.lang;
  node.textContent = words[node.dataset.word];
}

function line(className, word) {
  const node = element('p', className);
  node.dataset.word = word;
  say(node);
  return node;
}

function showPill(node) {
  unseen = node;
  newest.hidden = !node;
}

function scrollTo(node) {
  const before = node.previousElementSibling;
  const top = before?.classList.contains('mine') && before.offsetHeight < TALL ? before : node;
  log.scrollTop = top.offsetTop - log.offsetTop - 16;
}

export function scrollToEnd() {
  log.scrollTop = log.scrollHeight;
}

export const isAtEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;

// What became of an own message: 'sending' (said after a while only), 'queued', 'sent' or 'refused'.
export function showFate({ key }, fate, why) {
  const node = log.querySelector(`[data-key="${key}"]`);
  if (!node) return;
  node.dataset.fate = fate;
  if (fate === 'sending') setTimeout(() => node.dataset.fate === fate && showLine(node, fate), SLOW);
  else showLine(node, fate, why);
}

function showLine(node, fate, why) {
  node.querySelector('.fate')?.remove();
  if (fate === 'sent') return;
  const wasAtEnd = isAtEnd();
  const line = element('p', `fate ${fate}`, why || words[fate]);
  if (fate === 'refused') {
    const button = chip('button', '', '', words.retry);
    button.addEventListener('click', () => retry(node.dataset.key));
    line.append(' ', button);
  }
  node.append(line);
  if (wasAtEnd) scrollToEnd();
}

export function showTyping(isOn) {
  if (!isOn) return typing.remove();
  const wasAtEnd = isAtEnd();
  log.append(typing);
  if (wasAtEnd) scrollToEnd();
}

function draw(item) {
  if (item.body) return drawMessage(item);
  if (!item.label) return null;
  const bubble = element('div', 'bubble', item.label);
  bubble.dir = 'auto';
  const node = element('div', 'message mine', element('span', 'unseen', `${words.you} `), bubble);
  node.dataset.key = item.key;
  if (item.fate === 'refused') showLine(node, 'refused', item.why);
  return node;
}

function drawMessage({ sequence, body, by }) {
  const isRecall = body.replaces && !body.paragraphs;
  if (isRecall && !by) return null; // of what was never here
  const node = element('div', 'message bot');
  node.dataset.sequence = sequence;
  if (by) node.dataset.by = by;
  if (isRecall) {
    node.append(line('mark', 'withdrawn'));
    return node;
  }
  if (body.lang) node.lang = body.lang;
  if (body.replaces) node.append(line('mark', 'corrected'));
  node.append(drawText(body.paragraphs ?? []));
  const actions = drawActions(body, by || sequence);
  if (actions.length) node.append(element('div', 'actions', ...actions));
  return node;
}

function drawText(paragraphs) {
  const bubble = element('div', 'bubble');
  let list = null;
  for (const { item, spans } of paragraphs) {
    if (item && !list) bubble.append((list = element('ul')));
    if (!item) list = null;
    (list ?? bubble).append(element(item ? 'li' : 'p', '', ...spans.map(drawSpan)));
  }
  return bubble;
}

function drawSpan({ t, b, h }) {
  const text = h && SAFE_LINK.test(h) ? link(h, '', t) : t;
  return b ? element('strong', '', text) : text;
}

function drawActions(body, sequence) {
  const labels = body.labels ?? {};
  const actions = [];
  if (body.large) {
    const button = chip('button', 'chip strong', TAXI, labels.large);
    button.addEventListener('click', () => showLarge(body.large));
    actions.push(button);
  }
  if (body.place) actions.push(chip('a', 'chip', PIN, labels.place, mapOf(body.place)));
  if (body.file) actions.push(download(body.file, labels.file));
  for (const button of body.buttons ?? []) {
    if (button.feed) {
      // The scheme at which a phone asks whether to subscribe, where https would only download once.
      actions.push(link(`webcal://${location.host}${button.feed}`, 'chip', button.label));
    } else if (!button.url) {
      const node = chip('button', 'chip', '', button.label);
      node.addEventListener('click', (event) => pressed(event, button, sequence));
      actions.push(node);
    } else if (SAFE_LINK.test(button.url)) {
      actions.push(link(button.url, 'chip', button.label));
    }
  }
  return actions;
}

function pressed(event, button, sequence) {
  if (!isTremor(event)) press(button, sequence);
}

// A finger that trembles or drums hits the same spot again, where meanwhile another button may have come.
function isTremor({ timeStamp, clientX, clientY }) {
  const before = tapped;
  tapped = { timeStamp, clientX, clientY };
  return timeStamp - before.timeStamp < REST && Math.hypot(clientX - before.clientX, clientY - before.clientY) < 40;
}

function download(file, label) {
  const node = chip('a', 'chip', DOWN, label || file.name);
  node.href = URL.createObjectURL(new Blob([file.content], { type: file.type }));
  node.download = file.name;
  return node;
}

// The phone's own map where it has one that works without a network; else a page.
function mapOf({ lat, lon, name }) {
  const agent = navigator.userAgent;
  const query = encodeURIComponent(name);
  if (isInWeChat) {
    const marker = `coord:${lat},${lon};title:${query};addr:${query}`; // the map that WeChat opens everywhere
    return `https://apis.map.qq.com/uri/v1/marker?marker=${marker}&referer=passerelle`;
  }
  if (/iPhone|iPad/.test(agent)) return `https://maps.apple.com/?ll=${lat},${lon}&q=${query}`;
  if (/Android/.test(agent)) return `geo:${lat},${lon}?q=${lat},${lon}(${query})`;
  return `https://www.openstreetmap.org/?mlat=${lat}&mlon=${lon}#map=17/${lat}/${lon}`;
}

// Words a driver reads from the front seat.
function showLarge(text) {
  const line = large.querySelector('p');
  line.replaceChildren(...text.split('\n').map((part) => element('span', '', part)));
  line.classList.toggle('long', text.length > 110 || text.split(/\s/).some((word) => word.length > 12));
  large.showModal();
  navigator.wakeLock?.request('screen').then((lock) => {
    large.addEventListener('close', () => lock.release(), { once: true });
  }, () => {});
}

// --- small things

function element(name, className = '', ...children) {
  const node = document.createElement(name);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

function chip(name, className, icon, label, href) {
  const node = element(name, className);
  if (icon) node.append(drawIcon(icon));
  node.append(label ?? '');
  if (name === 'button') node.type = 'button';
  if (href) leadOut(node, href);
  return node;
}

function link(href, className, label) {
  const node = element('a', className, label);
  leadOut(node, href);
  return node;
}

function leadOut(node, href) {
  node.href = href;
  if (!/^https?:/i.test(href)) return;
  node.target = '_blank';
  node.rel = 'noopener noreferrer';
}

function drawIcon(path) {
  const icon = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  icon.setAttribute('viewBox', '0 0 24 24');
  icon.setAttribute('aria-hidden', 'true');
  icon.append(document.createElementNS(icon.namespaceURI, 'path'));
  icon.firstChild.setAttribute('d', path);
  return icon;
}

function placeOf({ sequence }) {
  if (!sequence) return typing.parentNode ? typing : null;
  const later = [...log.querySelectorAll('[data-sequence]')].find((node) => Number(node.dataset.sequence) > sequence);
  return later ?? (typing.parentNode ? typing : null);
}

// All answers of the last turn: their buttons are the ones at hand.
function markLatest() {
  let isLatest = true;
  let isMet = false;
  for (const node of [...log.querySelectorAll('.bot, .mine')].reverse()) {
    const isBot = node.classList.contains('bot');
    isMet ||= isBot;
    isLatest &&= isBot || !isMet;
    node.classList.toggle('latest', isBot && isLatest);
  }
}
