export function FirstRun() {
  return <h2>No audience yet</h2>
}
