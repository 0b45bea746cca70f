// A small identity provider on samlp.
//
// It signs in one invented person without asking. What is SAML about it is samlp's; this file only
// carries messages between it and the browser.
//
//     node provider_samlp.js metadata SETUP    prints its metadata
//     node provider_samlp.js serve SETUP       serves until it is ended
//
// SETUP is a file of JSON: see `play.py`, which writes it.
'use strict';

const fs = require('node:fs');
const http = require('node:http');
const { randomBytes } = require('node:crypto');
const { createRequire } = require('node:module');

const [command, path] = process.argv.slice(2);
const setup = JSON.parse(fs.readFileSync(path, 'utf8'));
// The packages lie where `run` has put them, and not beside this file.
const load = createRequire(`${setup.packages}/`);
const samlp = load('samlp');
const SessionParticipants = load('samlp/lib/sessionParticipants');

const REDIRECT = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect';
const own = {
  issuer: `${setup.base}/metadata`,
  key: fs.readFileSync(setup.key),
  cert: fs.readFileSync(setup.cert),
};

// What samlp is told to do with a response. It reads the certificate for encryption as a setting,
// and no metadata of applications.
function protection() {
  const encrypted = (algorithm) => ({
    encryptionCert: fs.readFileSync(setup.sp_encryption_cert),
    encryptionPublicKey: fs.readFileSync(setup.sp_encryption_cert),
    encryptionAlgorithm: algorithm,
  });
  switch (setup.protection) {
    case 'assertion signed':
      return { signAssertion: true };
    case 'response signed':
      return { signAssertion: false, signResponse: true };
    case 'both signed':
      return { signAssertion: true, signResponse: true };
    case 'signed, then encrypted':
      return { signAssertion: true, ...encrypted('http://www.w3.org/2009/xmlenc11#aes256-gcm') };
    case 'signed, encrypted, signed':
      return {
        signAssertion: true,
        signResponse: true,
        ...encrypted('http://www.w3.org/2009/xmlenc11#aes256-gcm'),
      };
    default:
      throw new Error(`unknown protection: ${setup.protection}`);
  }
}

// Who takes part in which session here: samlp asks for it at log-out.
const sessions = new Map();

function sessionOf(req) {
  const found = /(?:^|; )interop-idp=([0-9a-f]+)/.exec(req.headers.cookie || '');
  return found ? found[1] : undefined;
}

function signIn(req, res, next) {
  const handle = sessionOf(req) || randomBytes(16).toString('hex');
  const sessionIndex = `_${randomBytes(16).toString('hex')}`;
  const session = sessions.get(handle) || { participants: [], store: {} };
  session.participants.push({
    serviceProviderId: setup.sp_entity_id,
    sessionIndex,
    nameId: setup.person.id,
    nameIdFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
    serviceProviderLogoutURL: setup.sp_slo,
    cert: fs.readFileSync(setup.sp_signing_cert, 'utf8'),
    binding: REDIRECT,
  });
  sessions.set(handle, session);
  res.setHeader('Set-Cookie', `interop-idp=${handle}; Path=/; HttpOnly`);
  samlp.auth({
    ...own,
    ...protection(),
    signingCert: fs.readFileSync(setup.sp_signing_cert, 'utf8'),
    lifetimeInSeconds: 300,
    sessionIndex,
    destination: setup.sp_acs,
    recipient: setup.sp_acs,
    nameIdentifierFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
    authnContextClassRef: 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',
    getPostURL: (_audience, _request, _req, callback) => callback(null, setup.sp_acs),
    getUserFromRequest: () => ({
      id: setup.person.id,
      displayName: setup.person.mail,
      emails: [{ value: setup.person.mail }],
      name: { givenName: setup.person.given_name, familyName: setup.person.surname },
    }),
  })(req, res, next);
}

function logOut(req, res, next) {
  const handle = sessionOf(req);
  const session = sessions.get(handle) || { participants: [], store: {} };
  req.session = session.store;
  samlp.logout({
    ...own,
    deflate: true,
    protocolBinding: REDIRECT,
    sessionParticipants: new SessionParticipants(session.participants),
    clearIdPSession: (callback) => {
      sessions.delete(handle);
      callback();
    },
  })(req, res, next);
}

const metadata = samlp.metadata({
  ...own,
  redirectEndpointPath: '/sso',
  postEndpointPath: '/sso',
  logoutEndpointPaths: { redirect: '/slo' },
});

const ROUTES = {
  '/ready': (_req, res) => res.send('ready'),
  '/metadata': metadata,
  '/sso': signIn,
  '/slo': logOut,
  '/end': logOut,
};

// samlp is written for Express. This is as much of it as it uses.
function dress(req, res) {
  const url = new URL(req.url, setup.base);
  req.query = Object.fromEntries(url.searchParams);
  req.body = {};
  req.originalUrl = req.url;
  req.protocol = 'http';
  res.set = (name, value) => res.setHeader(name, value);
  res.redirect = (location) => {
    res.statusCode = 302;
    res.setHeader('Location', location);
    res.end();
  };
  res.send = (status, body) => {
    if (typeof status === 'number') {
      res.statusCode = status;
      // samlp ends a log-out that began here with 200 and no words, when all answers were a success.
      const ended = (req.parsedSAMLResponse || {}).status || '';
      res.end(String(body ?? ended));
    } else {
      res.end(status);
    }
  };
  return ROUTES[url.pathname];
}

if (command === 'metadata') {
  const req = { url: '/metadata', headers: { host: new URL(setup.base).host } };
  const res = { setHeader: () => {}, end: (body) => process.stdout.write(body) };
  dress(req, res)(req, res);
} else {
  http
    .createServer((req, res) => {
      const route = dress(req, res);
      if (!route) return res.send(404, 'There is nothing here.');
      res.setHeader('Content-Type', 'text/html; charset=utf-8');
      // What samlp refuses must be seen by the play.
      const refuse = (error) => res.send(400, String(error && error.message));
      try {
        route(req, res, refuse);
      } catch (error) {
        refuse(error);
      }
    })
    .listen(setup.port, '127.0.0.1');
}
