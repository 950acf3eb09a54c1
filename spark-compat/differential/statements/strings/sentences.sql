-- Sentences and words.
CREATE TEMPORARY VIEW texts AS SELECT * FROM VALUES
  (0, 'Hi there! Good morning.'),
  (1, 'Mr. Smith went to Washington. He said: "Hello." Then he left.'),
  (2, 'e.g. this, i.e. that. no. 5'),
  (3, 'One.Two. Three... four? Five!six'),
  (4, 'It\'s 3.14, or 1,000 $5 and 20% of x_y-z. Don\'t!'),
  (5, 'a.  b. C'),
  (6, '(He left.) She stayed.'),
  (7, ''),
  (8, '  '),
  (9, '\u00c4rger \u00fcber \u00d6l. \u00c9t\u00e9'),
  (10, '\u041f\u0440\u0438\u0432\u0435\u0442 \u043c\u0438\u0440! \u041a\u0430\u043a \u0434\u0435\u043b\u0430?'),
  (11, 'end\u2029next par. Last'),
  (12, '1st. 2nd. 3rd'),
  (13, 'x. "Y" \'z\''),
  (14, 'Wait?! What... No.'),
  (15, NULL)
  AS t(id, s);
SELECT id, sentences(s) FROM texts;
SELECT id, sentences(s, 'en', 'US') FROM texts;
SELECT sentences('Hi there! Good morning.'), sentences(NULL), sentences(1), sentences('a', 'en'), sentences('a', NULL, 'US');
SELECT sentences(array('a'));
SELECT sentences('a', 'b', 'c', 'd');
SELECT sentences();
