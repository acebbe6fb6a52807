// Writes as large as fits, asks for news by itself, and keeps what it shows while there is no network.
const root = document.documentElement;
const SECONDS = Number(root.dataset.seconds);
let missed = 0;

function fit() {
  for (let size = 1.7; size > 0.5; size -= 0.04) {
    root.style.setProperty('--size', size.toFixed(2));
    if (document.body.scrollHeight <= innerHeight && root.scrollWidth <= innerWidth) return;
  }
}

async function refresh() {
  try {
    const answer = await fetch(location.href, { cache: 'no-cache', signal: AbortSignal.timeout(SECONDS * 1000) });
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    if (!page.querySelector('main')) throw new Error('another page');  // a hotel's sign-in, say
    if (page.documentElement.dataset.build !== root.dataset.build) return location.reload();
    document.body.replaceChildren(...page.body.childNodes);
    missed = 0;
    root.classList.remove('stale');
    fit();
  } catch {
    missed += 1;
    if (missed > 2) root.classList.add('stale');  // from then on the hour would be wrong
  }
  setTimeout(refresh, SECONDS * 1000);
}

addEventListener('resize', fit);
document.fonts.ready.then(fit);
fit();
setTimeout(refresh, SECONDS * 1000);
