/**
 * The corpus: texts that parsers have tripped over, here or elsewhere, and that fuzzing starts from. Whatever a run finds is added here,
 * so that it is tried first ever after.
 */

/** Texts for every parser. */
export const CORPUS: readonly string[] = [
  '', ' ', '\0', '\r\n', '\ufeff', '\ud800', '\udfff\ud800', '%', '%zz', '%00', '%e0%80%80', '%ff', '+', '++', '&', '&&==&', '=', '=a', 'a=b&a=c',
  '__proto__=1', 'constructor', '{"__proto__":{"a":1}}', '{"a":1,"a":2}', '{"a":1,"\\u0061":2}', '[[[[[[[[[[', '{"a":{"a":{"a":{"a":{"a":1}}}}}',
  '"\\"', '{"redirect_uris":["https://a.example/cb"]}', '{"redirect_uris":[{}]}', '{"redirect_uris":"https://a.example"}', '1e999', '-0', 'null',
  'Basic', 'Basic ', 'Basic Og==', 'Basic YTpi', 'basic YTpi', 'Basic YTpi, Basic YTpi', 'Basic =', 'Bearer', 'Bearer a', 'bearer  a', 'Bearer a b',
  'Bearer access_AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', 'Bearer a, Bearer b', 'DPoP a',
  'https://app.example/cb', 'https://app.example/cb#f', 'https://app.example/??', 'https://u:p@app.example/', 'https://app.example\\@evil.example/', 'https:app.example',
  'https:///evil.example', 'http://localhost:1/cb', 'http://localhost:99999/', 'http://127.0.0.1.evil.example/', 'http://[::1]:8/cb', 'http://127.1/',
  'javascript:alert(1)', 'JavaScript:alert(1)', 'data:text/html,x', 'cursor://cb', 'com.example.app:/cb', 'https://app.example/?code=1', '//evil.example',
  'https://xn--80ak6aa92e.example/', 'https://аpp.example/', 'https://app.example/%0d%0aset-cookie:a=b', 'openid offline_access', 'a  b', 'a"b', 'a\\b',
  'read read', '*', 'E9Melhoa2OwvFrEMTJguCHaoeKt8UxGKz0aaqU9ae0k', 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk', 'eyJhbGciOiJub25lIn0.e30.', 'a.b.c', '..',
]; // prettier-ignore
