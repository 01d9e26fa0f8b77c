// Sends forms without leaving the page, follows the stream of events, counts the clock down.
// Without it every form still works: the page is loaded again.
"use strict";

const body = document.body;
const alertBox = document.getElementById("alert");
const saidBox = document.getElementById("said");
let fadeOut = 0;

function show(box, text) {
  box.textContent = text;
  box.classList.toggle("empty", !text);
}

function refused(text) {
  show(saidBox, "");
  show(alertBox, text);
  alertBox.focus();
}

function said(text) {
  show(alertBox, "");
  show(saidBox, text);
  clearTimeout(fadeOut);
  fadeOut = setTimeout(() => show(saidBox, ""), 4000);
}

// A code or word behind the # of the address never reaches a log of the server.
if (location.hash.length > 4) {
  const code = document.getElementById("code");
  const word = document.getElementById("word");
  const given = decodeURIComponent(location.hash.slice(1));
  if (code && location.pathname === "/join") code.value = given;
  if (word && location.pathname === "/" && given.startsWith("white-")) word.value = given.slice(6);
  if (code || word) history.replaceState(null, "", location.pathname);
}

function isDirty(form) {
  return form.dataset.dirty === "1";
}

document.addEventListener("input", (event) => {
  const form = event.target.closest("form");
  if (form) form.dataset.dirty = "1";
  if (form && form.hasAttribute("data-draft")) later(form);
});

// A draft saves itself a moment after the last change.
const waiting = new Map();
function later(form) {
  clearTimeout(waiting.get(form));
  waiting.set(form, setTimeout(() => send(form, null, true), 1500));
}

async function send(form, button, quietly) {
  clearTimeout(waiting.get(form));
  const data = new FormData(form);
  if (button && button.name) data.set(button.name, button.value);
  if (!form.dataset.request) form.dataset.request = crypto.randomUUID ? crypto.randomUUID() : String(Math.random()).slice(2) + Date.now();
  data.set("request", form.dataset.request);
  if (button) button.disabled = true;
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: new URLSearchParams(data),
      headers: { Accept: "application/json" },
    });
    delete form.dataset.request;
    const told = await answer.json();
    if (told.refused) {
      refused(told.refused);
    } else {
      form.dataset.dirty = "0";
      if (!quietly) {
        if (form.hasAttribute("data-go")) {
          location.assign(told.to);
          if (told.to.split("#")[0] === location.pathname + location.search) location.reload();
          return;
        }
        if (!form.hasAttribute("data-draft")) form.reset();
        const details = form.closest("details");
        if (details && !form.hasAttribute("data-draft")) details.open = false;
        said("✓");
      }
      await refresh(!quietly && form.hasAttribute("data-draft"));
    }
  } catch (error) {
    refused(lost());
  } finally {
    if (button) button.disabled = false;
  }
}

function lost() {
  return document.documentElement.lang === "ko"
    ? "연결이 끊겼습니다. 입력한 내용은 그대로 있습니다. 다시 보내십시오."
    : "The connection is lost. What you typed is still here: send it again.";
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sure && !confirm(form.dataset.sure)) {
    event.preventDefault();
    return;
  }
  if (!form.hasAttribute("data-send") && !form.hasAttribute("data-go")) return;
  event.preventDefault();
  send(form, event.submitter, false);
});

// What a deal can hang on stands once in the page; each form gets a menu of it.
function menus() {
  const hooks = document.getElementById("hooks");
  if (!hooks) return;
  for (const input of document.querySelectorAll("input[list=hooks]")) {
    const menu = document.createElement("select");
    menu.id = input.id;
    menu.name = input.name;
    menu.add(new Option(input.placeholder, ""));
    for (const hook of hooks.options) menu.add(new Option(hook.value, hook.value));
    input.replaceWith(menu);
  }
}
menus();

// Parts of the page that follow the server; a form that is being filled in stays as it is.
let busy = null;
let stale = false; // something changed, maybe while the page was being fetched
let whole = false;
function refresh(all) {
  stale = true;
  whole = whole || all;
  if (!busy)
    busy = (async () => {
      try {
        while (stale) {
          stale = false;
          await follow();
        }
      } finally {
        busy = null;
      }
    })();
  return busy;
}

async function follow() {
  const answer = await fetch(location.pathname + location.search);
  if (!answer.ok || new URL(answer.url).pathname !== location.pathname) {
    location.reload();
    return;
  }
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const had = !!document.getElementById("orderform") + "|" + document.querySelectorAll("#deals details").length;
  const has = !!fresh.getElementById("orderform") + "|" + fresh.querySelectorAll("#deals details").length;
  const typed = [...document.querySelectorAll("form")].filter(isDirty);
  if (had !== has || (whole && !typed.length)) {
    const y = scrollY;
    document.getElementById("main").replaceWith(document.importNode(fresh.getElementById("main"), true));
    menus();
    typed.filter((form) => !form.hasAttribute("data-draft")).forEach(keep);
    scrollTo(0, y);
  }
  whole = false;
  for (const part of document.querySelectorAll("[data-live]")) {
    const new_ = fresh.getElementById(part.id);
    if (!new_ || part.outerHTML === new_.outerHTML) continue;
    if ([...part.querySelectorAll("form")].some(isDirty)) continue;
    const open = [...part.querySelectorAll("details[open] > summary")].map((s) => s.textContent);
    const copy = document.importNode(new_, true);
    for (const summary of copy.querySelectorAll("details > summary"))
      if (open.includes(summary.textContent)) summary.parentElement.open = true;
    part.replaceWith(copy);
  }
  for (const parent of document.querySelectorAll("#deals input[name=parent]")) {
    const table = parent.closest("details").id;
    const new_ = fresh.querySelector(`#${CSS.escape(table)} input[name=parent]`);
    if (new_) parent.value = new_.value;
  }
  tick();
}

// What was typed and not sent stays, where the new page has the same fields.
function keep(old) {
  for (const field of old.elements) {
    const id = field.id && document.getElementById(field.id);
    const ticked = `main form[action="${old.getAttribute("action")}"] input[name="${field.name}"][value="${field.value}"]`;
    const new_ = id || (field.type === "checkbox" && document.querySelector(ticked));
    if (!new_ || !new_.form || new_.type === "hidden") continue;
    if (field.type === "checkbox") new_.checked = field.checked;
    else if (!new_.options || [...new_.options].some((option) => option.value === field.value)) new_.value = field.value;
    new_.form.dataset.dirty = "1";
    const details = new_.closest("details");
    if (details) details.open = true;
  }
}

function secondsOf(element) {
  const deadline = parseFloat(element.dataset.deadline);
  const left = parseFloat(element.dataset.left);
  const seconds = Number.isFinite(deadline) ? deadline - (Date.now() / 1000 + skew) : left;
  return Number.isFinite(seconds) ? Math.max(0, Math.round(seconds)) : NaN;
}

function minutes(seconds) {
  if (Number.isNaN(seconds)) return "";
  return Math.floor(seconds / 60) + ":" + String(seconds % 60).padStart(2, "0");
}

function tick() {
  for (const offer of document.querySelectorAll(".countdown")) {
    const seconds = secondsOf(offer);
    if (seconds === 0 && offer.textContent) refresh(false);
    offer.textContent = seconds === 0 ? "" : minutes(seconds);
  }
  const clock = document.getElementById("clock");
  if (!clock) return;
  const seconds = secondsOf(clock);
  clock.querySelector(".time").textContent = minutes(seconds);
  clock.classList.toggle("soon", seconds <= 60);
}

// The clock of this machine may be wrong: the server's counts.
let skew = 0;
async function setClock() {
  try {
    const asked = Date.now();
    const answer = await fetch("/health");
    const server = Date.parse(answer.headers.get("date"));
    const skewed = (server + 500 - (asked + Date.now()) / 2) / 1000;
    if (Number.isFinite(skewed) && Math.abs(skewed) > 2) skew = skewed;
  } catch (error) {
    skew = 0;
  }
  tick();
}

if (body.dataset.feed !== undefined) {
  const wanted = body.dataset.for ? "&for=" + body.dataset.for : "";
  const stream = new EventSource("/events?after=" + body.dataset.feed + wanted);
  stream.addEventListener("changed", () => refresh(false));
  stream.onopen = () => {
    if (stream.wasLost) refresh(false);
    stream.wasLost = false;
  };
  stream.onerror = () => {
    stream.wasLost = true;
  };
  setClock();
  setInterval(tick, 500);
}

// A calculation of the debrief shows how far it is, and the page follows when it is over.
const bar = document.querySelector("progress[data-job]");
if (bar) {
  const follow = setInterval(async () => {
    const answer = await fetch("/debrief/job/" + bar.dataset.job);
    const told = await answer.json();
    bar.value = told.share;
    if (told.over) {
      clearInterval(follow);
      location.reload();
    }
  }, 500);
}
