<?php

// SimpleSAMLphp as an identity provider, below the folder of this play alone.
$setup = require __DIR__ . '/setup.php';
$sources = [['type' => 'flatfile', 'directory' => __DIR__ . '/metadata']];
if (isset($setup['sp_metadata'])) {
    $sources[] = ['type' => 'xml', 'file' => $setup['sp_metadata']];
}
$config = [
    'baseurlpath' => $setup['base'] . '/',
    'certdir' => $setup['work'] . '/',
    'loggingdir' => $setup['work'] . '/',
    'datadir' => $setup['work'] . '/',
    'tempdir' => $setup['work'] . '/tmp',
    'secretsalt' => $setup['secret'],
    'auth.adminpassword' => $setup['secret'],
    'technicalcontact_email' => 'na@example.org',
    'timezone' => 'UTC',
    'logging.handler' => 'errorlog',
    'enable.saml20-idp' => true,
    'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],
    'store.type' => 'phpsession',
    'session.cookie.secure' => false,
    'session.cookie.samesite' => null,
    'session.phpsession.savepath' => $setup['work'],
    'metadata.sources' => $sources,
];
