// The page's language, and how it changes: in place, so that nothing said or being typed is lost.

const page = document.documentElement;
const PARTS = ['title', '.skip', 'body > header', '#log', '#newest', '#composer', '#menu', '#large', '#programme', '#words'];
const NAMES = ['lang', 'hreflang', 'href', 'title', 'placeholder', 'aria-label', 'aria-current', 'data-language'];
const YEARS = 63_072_000; // seconds, two years

export const words = read();
export const current = () => page.dataset.language;

let wanted = current();
let turned = () => {};

export function onTurn(callback) {
  turned = callback;
}

export function keep() {
  document.cookie = `lang=${current()}; path=/; max-age=${YEARS}; samesite=lax`;
}

// Turn the page to `language`. Without a network, and no copy of the page, it stays as it is.
export async function turnTo(language) {
  wanted = language;
  if (language === current()) return;
  const fresh = await fetched(language);
  if (!fresh || wanted !== language || language === current()) return;
  if (scriptOf(fresh) !== scriptOf(document)) return location.replace(`/?lang=${language}`); // of another version
  for (const name of ['lang', 'data-language']) page.setAttribute(name, fresh.documentElement.getAttribute(name));
  for (const part of PARTS) translate(document.querySelector(part), fresh.querySelector(part));
  document.querySelector('link[rel=manifest]').href = fresh.querySelector('link[rel=manifest]').getAttribute('href');
  Object.assign(words, read());
  keep();
  turned();
}

async function fetched(language) {
  try {
    const response = await fetch(`/?lang=${language}`);
    return response.ok ? new DOMParser().parseFromString(await response.text(), 'text/html') : null;
  } catch {
    return null;
  }
}

const scriptOf = (page) => page.querySelector('script[type=module]').getAttribute('src');

// Both are of one template. What it leaves empty is filled by scripts, and theirs.
function translate(old, fresh) {
  for (const name of NAMES) {
    if (fresh.hasAttribute(name)) old.setAttribute(name, fresh.getAttribute(name));
    else old.removeAttribute(name);
  }
  fresh.childNodes.forEach((node, index) => {
    if (node.nodeType === Node.TEXT_NODE) old.childNodes[index].data = node.data;
    else if (node instanceof HTMLElement && node.tagName !== 'NOSCRIPT') translate(old.childNodes[index], node);
  });
}

function read() {
  return JSON.parse(document.getElementById('words').textContent);
}
