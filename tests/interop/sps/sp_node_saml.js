// A small service provider on node-saml.
//
//     node sp_node_saml.js SETUP
//
// SETUP is a file of JSON: see `play.py`, which writes it. What is SAML about it is node-saml's; this
// file keeps sessions, and carries messages between it and the browser.
'use strict';

const fs = require('node:fs');
const http = require('node:http');
const { randomBytes } = require('node:crypto');
const { createRequire } = require('node:module');

const setup = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
// The packages lie where `run` has put them, and not beside this file.
const { SAML, ValidateInResponseTo } = createRequire(`${setup.packages}/`)('@node-saml/node-saml');

const CLAIMS = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims';
const MAX_BODY = 100_000;
const MAX_KEPT = 1000;
const SESSION_MS = 8 * 3600 * 1000;

const key = fs.readFileSync(setup.key, 'utf8');
const cert = fs.readFileSync(setup.cert, 'utf8');
const options = {
  issuer: `${setup.base}/metadata`,
  callbackUrl: `${setup.base}/acs`,
  // node-saml reads no metadata: these three are copied from it.
  entryPoint: setup.idp_sso,
  idpIssuer: setup.idp_entity_id,
  idpCert: setup.idp_certs,
  privateKey: key,
  decryptionPvk: key,
  signatureAlgorithm: 'sha256',
  digestAlgorithm: 'sha256',
  wantAssertionsSigned: true,
  // NHSmail signs the assertion, and not the message around it.
  wantAuthnResponseSigned: false,
  validateInResponseTo: ValidateInResponseTo.always,
  acceptedClockSkewMs: 60_000,
  // AD FS and Entra refuse the sign-in when what is asked for is not what they have.
  disableRequestedAuthnContext: true,
  identifierFormat: null,
};
const saml = new SAML(options);

// By the handle in RelayState: whose browser it was, which request, and which page was wanted.
const pending = new Map();
// By the value of the session's cookie: who it is, and until when.
const sessions = new Map();

function keep(kept, name, value) {
  kept.set(name, value);
  // The oldest goes when there are too many.
  if (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value);
}

const handle = () => randomBytes(20).toString('base64url');

function cookie(req, name) {
  for (const pair of (req.headers.cookie || '').split('; ')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at) === name) return pair.slice(at + 1);
  }
  return undefined;
}

function answer(res, status, body, kind = 'text/html; charset=utf-8') {
  res.writeHead(status, { 'Content-Type': kind, 'Cache-Control': 'no-store' });
  res.end(body);
}

const ESCAPES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function answerPage(res, status, text) {
  const safe = text.replace(/[&<>"']/g, (character) => ESCAPES[character]);
  answer(res, status, `<!doctype html><html lang="en"><title>Rota</title><p>${safe}</p></html>`);
}

function redirect(res, location, set) {
  res.writeHead(303, { Location: location, 'Set-Cookie': set, 'Cache-Control': 'no-store' });
  res.end();
}

function refuse(res, reason) {
  console.log(`refused: ${reason}`);
  answerPage(res, 400, 'You are not signed in. Please go back to the rota and try again.');
}

async function showRota(req, res) {
  const session = sessions.get(cookie(req, 'session'));
  if (session && Date.now() < session.until) {
    return answerPage(res, 200, `Rota of ${session.person}`);
  }
  const browser = cookie(req, 'login') || handle();
  const relay = handle();
  const request = `_${randomBytes(20).toString('hex')}`;
  keep(pending, relay, { browser, request, page: req.url });
  // Its own ID, so that it is known here which request the browser has sent.
  const generateUniqueId = () => request;
  const { cacheProvider } = saml;
  const asking = new SAML({ ...options, cacheProvider, generateUniqueId });
  const location = await asking.getAuthorizeUrlAsync(relay, undefined, {});
  // The answer comes from another site: browsers leave all but SameSite=None at home.
  redirect(res, location, `login=${browser}; Path=/; HttpOnly; Secure; SameSite=None`);
}

// The body as text; undefined for what is too long.
async function read(req) {
  const pieces = [];
  let length = 0;
  for await (const piece of req) {
    length += piece.length;
    // The rest is read and forgotten, so that the browser hears the answer.
    if (length <= MAX_BODY) pieces.push(piece);
  }
  return length <= MAX_BODY ? Buffer.concat(pieces).toString('utf8') : undefined;
}

async function finishLogin(req, res) {
  const body = await read(req);
  if (body === undefined) return answerPage(res, 413, 'That is too long.');
  const kind = (req.headers['content-type'] || '').split(';')[0].trim();
  const form = new URLSearchParams(kind === 'application/x-www-form-urlencoded' ? body : '');
  // A field that is there twice counts as none.
  const field = (name) => (form.getAll(name).length === 1 ? form.get(name) : '');
  const relay = field('RelayState');
  const begun = pending.get(relay);
  if (!begun || begun.browser !== cookie(req, 'login')) {
    return refuse(res, 'no sign-in of this browser is under way');
  }
  let profile;
  try {
    const SAMLResponse = field('SAMLResponse');
    ({ profile } = await saml.validatePostResponseAsync({ SAMLResponse }));
  } catch (error) {
    return refuse(res, error.message);
  }
  if (!profile || profile.inResponseTo !== begun.request) {
    return refuse(res, 'it answers the request of another browser');
  }
  // What holds elements comes as an object, and several values as a list: names are text alone.
  const names = [profile[`${CLAIMS}/emailaddress`], profile.nameID, profile[`${CLAIMS}/upn`]];
  const person = names.find((name) => typeof name === 'string' && name !== '');
  if (!person) return refuse(res, 'the response does not say who it is');
  if (!pending.delete(relay)) return refuse(res, 'answered already');
  const session = handle();
  keep(sessions, session, { person, until: Date.now() + SESSION_MS });
  redirect(res, begun.page, `session=${session}; Path=/; HttpOnly; Secure; SameSite=Lax`);
}

async function serve(req, res) {
  const path = req.url.split('?')[0];
  if (req.method === 'POST' && path === '/acs') return finishLogin(req, res);
  if (req.method !== 'GET') return answerPage(res, 405, 'That cannot be done here.');
  if (path === '/metadata') {
    const xml = saml.generateServiceProviderMetadata(cert, cert);
    return answer(res, 200, xml, 'application/samlmetadata+xml');
  }
  if (path === '/rota' || path.startsWith('/rota/')) return showRota(req, res);
  if (path === '/') return answerPage(res, 200, 'A sample application.');
  return answerPage(res, 404, 'There is nothing here.');
}

http
  .createServer((req, res) => {
    serve(req, res).catch((error) => {
      console.log(`failed: ${error.message}`);
      if (!res.headersSent) answerPage(res, 500, 'Something went wrong here.');
    });
  })
  .listen(setup.port, '127.0.0.1');
