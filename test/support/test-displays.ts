/** The X displays that this test run made, as `npm test` names them; windows of two would take each other's focus. */
export function testDisplays(): string[] {
  return (process.env['NANDU_TEST_DISPLAYS'] ?? '').split(',').filter((one) => one !== '');
}
