<?php

$setup = require dirname(__DIR__) . '/setup.php';
$protection = $setup['protection'] ?? '';
$metadata[$setup['base'] . '/metadata'] = [
    'host' => '__DEFAULT__',
    'privatekey' => $setup['key'],
    'certificate' => $setup['cert'],
    'auth' => 'invented',
    'authproc' => [
        1 => [
            'class' => 'saml:AttributeNameID',
            'attribute' => 'uid',
            'Format' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
        ],
    ],
    'NameIDFormat' => ['urn:oasis:names:tc:SAML:2.0:nameid-format:persistent'],
    'validate.authnrequest' => true,
    'redirect.validate' => true,
    'validate.logout' => true,
    'sign.logout' => true,
    'redirect.sign' => true,
    // What it is told to do with a response.
    'saml20.sign.assertion' => $protection !== 'response signed',
    'saml20.sign.response' => in_array(
        $protection,
        ['response signed', 'both signed', 'signed, encrypted, signed'],
        true
    ),
    'assertion.encryption' => str_contains($protection, 'encrypted'),
];
