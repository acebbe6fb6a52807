// What this phone remembers: the conversation as shown, what waits to be sent, a draft.
//
// An item is either a message of the bot {sequence, body}, with {by} the number of the one that took its place, or one's own
// {key, at, label, posted, fate: 'waiting' | 'sent' | 'refused', why}. An empty label is not shown. What is passing
// is shown, and not kept. What waits is kept by itself too: two tabs that write at once overwrite the whole.

const NAME = 'passerelle.chat';
const WAITS = `${NAME}/`; // and the key of what waits
const KEPT = 200;

const blank = () => ({ conversation: '', last: 0, items: [], draft: '' });

export let state = load();

function load() {
  try {
    const kept = { ...blank(), ...JSON.parse(localStorage.getItem(NAME)) };
    const known = new Set(kept.items.map((item) => item.key));
    const waits = Object.keys(localStorage).filter((name) => name.startsWith(WAITS) && !known.has(name.slice(WAITS.length)));
    const lost = waits.map((name) => JSON.parse(localStorage.getItem(name))).sort((one, other) => one.at - other.at);
    return { ...kept, items: [...kept.items, ...lost] };
  } catch {
    return blank(); // nothing kept, or the browser keeps nothing
  }
}

export function save() {
  for (let kept = KEPT; kept >= 1; kept = Math.floor(kept / 2)) {
    const dropped = state.items.slice(0, -kept).filter((item) => item.fate === 'waiting');
    state.items = [...dropped, ...state.items.slice(-kept)];
    try {
      localStorage.setItem(NAME, JSON.stringify({ ...state, items: state.items.filter((item) => !item.isPassing) }));
      return;
    } catch (error) {
      if (error.name !== 'QuotaExceededError') return; // kept in memory only
    }
  }
}

// Calls back when another tab of the same conversation has written.
export function onOtherTab(changed) {
  addEventListener('storage', (event) => {
    if (event.key !== NAME) return;
    const before = state;
    state = { ...load(), draft: before.draft };
    changed(state.last < before.last);
  });
}

export const waiting = () => state.items.find((item) => item.fate === 'waiting');

export const own = (key) => state.items.find((item) => item.key === key);

export function addOwn(label, posted) {
  const item = { key: randomKey(), at: Date.now(), label, posted, fate: 'waiting' };
  state.items.push(item);
  wait(item);
  return item;
}

// To be sent, or to be sent again.
export function wait(item) {
  item.fate = 'waiting';
  try {
    localStorage.setItem(WAITS + item.key, JSON.stringify(item));
  } catch {
    // kept with the rest, or in memory only
  }
  save();
}

// Sent, or refused and why. Another tab may have written meanwhile, so it is looked up.
export function settle(key, why) {
  const item = own(key);
  if (item) Object.assign(item, { fate: why ? 'refused' : 'sent', why });
  drop(key);
  save();
}

function drop(key) {
  try {
    localStorage.removeItem(WAITS + key);
  } catch {
    // nothing was kept
  }
}

// The bot's message put where its number belongs, or in the place of the one it replaces. Undefined where it is here
// already, or has been replaced before it came.
export function addMessage({ sequence, body }) {
  const isKnown = (item) => item.sequence === sequence || item.by === sequence;
  const isReplaced = (item) => item.sequence && item.body.replaces === sequence;
  if (state.items.some((item) => isKnown(item) || isReplaced(item))) return undefined;
  const old = body.replaces && state.items.find((item) => isSame(item, body.replaces));
  if (old) return replace(old, sequence, body);
  const item = { sequence, body };
  const next = state.items.findIndex((other) => other.sequence > sequence);
  state.items.splice(next < 0 ? state.items.length : next, 0, item);
  state.last = Math.max(state.last, sequence);
  return item;
}

// A message and what took its place before are one.
const isSame = ({ sequence, body }, first) => sequence && (sequence === first || body.replaces === first);

// Undefined where something newer took its place already.
function replace(old, sequence, body) {
  if ((old.by ?? old.sequence) > sequence) return undefined;
  old.body = body;
  old.by = sequence;
  state.last = Math.max(state.last, sequence);
  return old;
}

// The server began a new line for us. Erased: what it no longer holds goes from this phone too.
export function restart({ erased }) {
  state.last = 0;
  state.items = erased
    ? state.items.filter((item) => item.fate === 'waiting')
    : state.items.map((item) => (item.sequence ? { ...item, sequence: 0, by: 0 } : item));
  save();
}

// The person is forgotten: nothing stays on this phone but what is still to be sent, and the goodbye on the screen.
// keys: of the own messages that asked for it, in this tab or another.
export function forget(goodbye, keys) {
  keys.forEach(drop);
  const waits = state.items.filter((item) => item.fate === 'waiting' && !keys.includes(item.key));
  state = { ...blank(), items: [...goodbye.map(({ body }) => ({ sequence: 0, body, isPassing: true })), ...waits] };
  if (waits.length) return save();
  try {
    localStorage.removeItem(NAME);
  } catch {
    // nothing was kept
  }
}

// crypto.randomUUID is missing on pages without https.
function randomKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
