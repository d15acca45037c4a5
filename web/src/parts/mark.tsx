/** The mark: four strokes and a slash. */
export function Mark() {
  return (
    <svg
      width="22"
      height="22"
      viewBox="0 0 22 22"
      aria-hidden="true"
      fill="none"
      stroke="currentColor"
      strokeWidth="2.2"
      strokeLinecap="round"
    >
      <path d="M4.5 4v14M9 4v14M13.5 4v14M18 4v14" />
      <path d="M2 15.5 20.5 6.5" />
    </svg>
  )
}
