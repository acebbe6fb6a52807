// Inside WeChat's own browser: it opens no calendar, saves no file and cannot reach what China blocks. Says so, and how
// to go on in another browser.

export const isInWeChat = /MicroMessenger/i.test(navigator.userAgent);

const BLOCKED = /^https?:\/\/([\w-]+\.)*(t\.me|telegram\.(org|me)|google\.\w+|goo\.gl|youtube\.com|youtu\.be|facebook\.com|instagram\.com|twitter\.com|x\.com|whatsapp\.com|wa\.me|wikipedia\.org)(\/|$)/i;
const outside = document.getElementById('outside');

if (isInWeChat) document.addEventListener('click', lead, true);

function lead(event) {
  const link = event.target.closest('a[href]');
  if (!link) return;
  const isFile = link.hasAttribute('download');
  const isCalendar = link.protocol === 'webcal:' || link.pathname.endsWith('.ics');
  if (!isFile && !isCalendar && !BLOCKED.test(link.href)) return;
  event.preventDefault();
  event.stopPropagation();
  // Of a file that was made in this page another browser knows nothing: there the chat itself is to be opened.
  const address = isFile ? `${location.origin}/` : link.href.replace(/^webcal:/, location.protocol);
  const line = outside.querySelector('.address');
  line.textContent = address;
  outside.querySelector('[data-copy]').onclick = () => copy(line);
  outside.showModal();
}

function copy(line) {
  const range = document.createRange();
  range.selectNodeContents(line);
  const chosen = getSelection();
  chosen.removeAllRanges();
  chosen.addRange(range); // stays selected, to be copied by hand where the browser does not let us
  navigator.clipboard?.writeText(line.textContent).catch(() => {});
}
