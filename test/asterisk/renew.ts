/* `node test/asterisk/renew.ts`: names anew the packages that make the Asterisk the tests run against. */
import { renewLock } from './packages.ts'

console.log(`${await renewLock()} packages are named in test/asterisk/packages.lock.`)
