import { useEffect, useLayoutEffect, useRef, useState } from 'react'

/** A search that follows what is typed, a moment after the last key. */
export function SearchBox({ label, onSearch }: { label: string; onSearch: (text: string) => void }) {
  const [typed, setTyped] = useState<string | null>(null)
  // Only what is typed starts a search; a new function does not.
  const search = useRef(onSearch)
  useLayoutEffect(() => {
    search.current = onSearch
  })
  useEffect(() => {
    if (typed === null) return undefined
    const timer = setTimeout(() => search.current(typed.trim()), 300)
    return () => clearTimeout(timer)
  }, [typed])
  return (
    <input
      type="search"
      className="box search-box"
      maxLength={40}
      aria-label={label}
      placeholder={label}
      value={typed ?? ''}
      onChange={(event) => setTyped(event.target.value)}
    />
  )
}
