<?php

// What `play.py` has written down of this play.
return json_decode(file_get_contents(getenv('INTEROP_SETUP')), true, 8, JSON_THROW_ON_ERROR);
