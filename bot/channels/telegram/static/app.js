// Telegram opens this page in its own view and puts who opened it, signed, behind the address's "#".
// In another browser the same address signs nobody in: a link must not make anybody somebody else.
const inTelegram = "TelegramWebviewProxy" in window || (window.external && "notify" in window.external);
const signed = new URLSearchParams(location.hash.slice(1)).get("tgWebAppData") || "";

async function enter() {
  try {
    if (inTelegram && signed) await fetch("/telegram/app", { method: "POST", body: signed });
  } finally {
    location.replace("/");
  }
}

if (window.top === window) enter();
else document.querySelector("a").hidden = false; // Telegram's web page shows it in a frame, where the chat may not be
