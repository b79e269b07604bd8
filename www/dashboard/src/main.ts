/** The page: sign in, then flags, draft, publications, bandits and events of one environment. */

import { Api, Refused } from "./api.ts";
import type { Environment, Me } from "./api-types.ts";
import { BanditsView } from "./bandits.ts";
import { h, show } from "./dom.ts";
import { EventsView } from "./events.ts";
import { FlagsView } from "./flags.ts";
import { PublicationsView, PublishView } from "./publishing.ts";
import { Session } from "./session.ts";
import { signInForm } from "./sign-in.ts";

/** How often bandits and events are asked while the page is looked at. */
const LIVE_EVERY_MS = 5_000;

const TOKEN = "bandera.token";
const ENVIRONMENT = "bandera.environment";

interface SignedIn {
  readonly api: Api;
  readonly me: Me;
  readonly environments: readonly Environment[];
}

/** What is there until the tab is closed or signed out. */
let leave: () => void = () => undefined;

async function enter(token: string): Promise<void> {
  const api = new Api(token);
  const me = await api.me();
  const environments = await api.environments();
  sessionStorage.setItem(TOKEN, token);
  open({ api, me, environments });
}

function signIn(failure?: unknown): void {
  leave();
  show(document.body, signInForm(enter, failure));
  document.getElementById("token")?.focus();
}

function signOut(): void {
  sessionStorage.removeItem(TOKEN);
  signIn();
}

function open(signedIn: SignedIn): void {
  leave();
  const { environments, me } = signedIn;
  const wanted = sessionStorage.getItem(ENVIRONMENT);
  const environment = environments.find(({ key }) => key === wanted) ?? environments[0];
  const who = h("span", { class: "who" }, `${me.name}, ${me.role}`);
  const out = h("button", { type: "button", onclick: signOut }, "Sign out");
  const title = h("h1", {}, "Bandera");
  if (environment === undefined) {
    const none = "There is no environment yet. Create one through the API.";
    show(document.body, h("header", {}, title, who, out), h("main", {}, h("p", {}, none)));
    return;
  }
  const header = h("header", {}, title, picker(signedIn, environment.key), who, out);
  show(document.body, header, environmentView(signedIn, environment.key));
}

function picker(signedIn: SignedIn, present: string): HTMLElement {
  const options = signedIn.environments.map(({ key, name }) => {
    const label = name === key ? key : `${name} (${key})`;
    return h("option", { value: key, selected: key === present }, label);
  });
  const select = h("select", { id: "environment" }, ...options);
  select.addEventListener("change", () => {
    sessionStorage.setItem(ENVIRONMENT, select.value);
    open(signedIn);
  });
  return h("label", { for: "environment" }, "Environment", select);
}

function environmentView({ api, me }: SignedIn, environment: string): HTMLElement {
  const flags = new FlagsView();
  const publish = new PublishView();
  const publications = new PublicationsView();
  const bandits = new BanditsView();
  const events = new EventsView();
  const all = [flags, publish, publications, bandits, events];
  const render = (): void => {
    for (const view of all) view.render(session);
  };
  const session = new Session(api, me, environment, render);
  render();
  void session.refresh();
  const timer = setInterval(() => {
    if (document.visibilityState === "visible") void session.refreshLive();
  }, LIVE_EVERY_MS);
  leave = () => clearInterval(timer);
  return h("main", {}, session.notice.element, ...all.map((view) => view.element));
}

/** A token of this tab is tried again; one that is good no more leads back to the form. */
async function start(): Promise<void> {
  const token = sessionStorage.getItem(TOKEN);
  if (token === null) {
    signIn();
    return;
  }
  try {
    await enter(token);
  } catch (error) {
    if (error instanceof Refused) sessionStorage.removeItem(TOKEN);
    signIn(error);
  }
}

await start();
