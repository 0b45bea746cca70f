<?php

// One invented person, signed in without asking.
$person = (require __DIR__ . '/setup.php')['person'];
$config = [
    'invented' => [
        'exampleauth:StaticSource',
        'uid' => [$person['id']],
        'mail' => [$person['mail']],
        'givenName' => [$person['given_name']],
        'sn' => [$person['surname']],
    ],
];
