/* The configuration of a Kamailio 5.6 in front of several Asterisks. Pure: settings in, files out. */

/** Where somebody speaks SIP over UDP. */
export interface SipAddress {
  /** An IP address. */
  host: string
  port: number
}

/** What an installation decides about its Kamailio. */
export interface KamailioSettings {
  listen: SipAddress
  /** The address outside by which carriers reach `listen` through a translating router; null: none. */
  publicAddress: string | null
  /** Calls from carriers are given to these in turn. */
  asterisks: readonly SipAddress[]
  /** Only these may call in; calls out go to the first that lives. */
  carriers: readonly SipAddress[]
  /** Folder of these files, and the one of Kamailio's modules. */
  folder: string
  modules: string
}

/** A setting that would break out of its line, or cannot be meant. */
export class KamailioSettingRefused extends Error {}

/** First line of every file, by which one made here is known again. */
const heading = '# Made by "hearthline kamailio-config"; changes are lost when it is run again.'

const list = { asterisks: 1, carriers: 2 } as const

/** True for a file that this made. */
export const isMadeHere = (text: string): boolean => text.includes(heading)

/** Both files by their names; the same settings always give the same text. */
export function kamailioConfig(settings: KamailioSettings): ReadonlyMap<string, string> {
  const { asterisks, carriers, listen, publicAddress, folder, modules } = settings
  for (const path of [folder, modules])
    if (!/^\/[\x21-\x7e]*$/.test(path) || /["#;]/.test(path))
      throw new KamailioSettingRefused(`"${path}" is not a plain absolute path`)
  for (const { host } of [...asterisks, ...carriers, listen, { host: publicAddress ?? '::' }])
    if (!/^[0-9a-fA-F.:]+$/.test(host)) throw new KamailioSettingRefused(`"${host}" is not an IP address`)
  if (asterisks.length === 0 || carriers.length === 0)
    throw new KamailioSettingRefused('at least one Asterisk and one carrier are needed')
  return new Map([
    ['kamailio.cfg', configuration(settings)],
    ['dispatcher.list', destinations(settings)],
  ])
}

const shown = ({ host, port }: SipAddress): string => `${host.includes(':') ? `[${host}]` : host}:${port}`

function destinations({ asterisks, carriers }: KamailioSettings): string {
  // Flags 0: taken for alive until a ping says otherwise. Priorities keep the order of the carriers.
  const lines = [
    ...asterisks.map((one) => `${list.asterisks} sip:${shown(one)} 0 0`),
    ...carriers.map((one, at) => `${list.carriers} sip:${shown(one)} 0 ${carriers.length - at}`),
  ]
  return `${heading}\n${lines.map((line) => `${line}\n`).join('')}`
}

function configuration({ listen, publicAddress, folder, modules }: KamailioSettings): string {
  const own = shown(listen)
  const told = publicAddress === null ? '' : ` advertise ${shown({ host: publicAddress, port: listen.port })}`
  const loaded = ['kex', 'tm', 'sl', 'rr', 'pv', 'maxfwd', 'siputils', 'sanity', 'textops', 'dispatcher']
  return `#!KAMAILIO
${heading}
debug=1
children=4
auto_aliases=no
server_signature=no
listen=udp:${own}${told}
listen=tcp:${own}${told}
mpath="${modules}/"
${loaded.map((name) => `loadmodule "${name}.so"`).join('\n')}

# An Asterisk that says nothing for 1.5 s is passed over; one that does not answer a ping gets no calls until it does.
modparam("tm", "fr_timer", 1500)
modparam("tm", "fr_inv_timer", 180000)
modparam("dispatcher", "list_file", "${folder}/dispatcher.list")
modparam("dispatcher", "flags", 2)
modparam("dispatcher", "ds_ping_interval", 2)
modparam("dispatcher", "ds_probing_mode", 1)
modparam("dispatcher", "ds_probing_threshold", 1)
modparam("dispatcher", "ds_inactive_threshold", 1)
modparam("dispatcher", "ds_ping_reply_codes", "class=2;class=3;class=4")
modparam("dispatcher", "ds_ping_from", "sip:watch@${shown(listen)}")

${routes}`
}

const routes = `request_route {
  if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
  if (!sanity_check()) exit;
  # Everybody else learns nothing, not even that somebody is here.
  if (!ds_is_from_list("${list.asterisks}", "3") && !ds_is_from_list("${list.carriers}", "3")) { drop; }
  if (has_totag()) {
    if (loose_route()) { t_relay(); exit; }
    if (is_method("ACK")) { if (t_check_trans()) t_relay(); exit; }
    sl_send_reply("481", "Call/Transaction Does Not Exist");
    exit;
  }
  if (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }
  if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
  if (!is_method("INVITE")) { sl_send_reply("405", "Method Not Allowed"); exit; }
  t_check_trans();
  record_route();
  if (ds_is_from_list("${list.asterisks}", "3")) route(OUT);
  # In turn; the rest are kept to be tried when this one does not answer.
  if (!ds_select_dst("${list.asterisks}", "4")) { sl_send_reply("503", "Service Unavailable"); exit; }
  t_on_failure("NEXT");
  if (!t_relay()) sl_reply_error();
  exit;
}

route[OUT] {
  if (!ds_select_domain("${list.carriers}", "8")) { sl_send_reply("503", "Service Unavailable"); exit; }
  t_on_failure("NEXT_OUT");
  if (!t_relay()) sl_reply_error();
  exit;
}

# Another one is tried when this one is dead or full, never when it said what the caller should hear.
failure_route[NEXT] {
  if (t_is_canceled()) exit;
  if (!t_branch_timeout() && !t_check_status("5[0-9][0-9]")) exit;
  if (t_branch_timeout()) ds_mark_dst("ip");
  if (!ds_next_dst()) exit;
  t_on_failure("NEXT");
  t_relay();
}

failure_route[NEXT_OUT] {
  if (t_is_canceled()) exit;
  if (!t_branch_timeout() && !t_check_status("5[0-9][0-9]")) exit;
  if (t_branch_timeout()) ds_mark_dst("ip");
  if (!ds_next_domain()) exit;
  t_on_failure("NEXT_OUT");
  t_relay();
}
`
