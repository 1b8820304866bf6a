/** How a command can fail, beside mistakes in texts (TextError) and addresses that can't be used (ChannelError). */

/** The switch answered a request with OFPT_ERROR. */
export class Refused extends Error {
  constructor(
    /** Such as OFPBMC_BAD_PREREQ, or the numbers of an error without a name. */
    readonly error: string,
    /** The refused request as one line. */
    readonly request: string,
    /** Where the request was written: "flows.txt:7"; "" for one that stands in no file. */
    readonly place = '',
  ) {
    super(`${place === '' ? '' : `${place}: `}${error}: the switch refused ${request}`);
    this.name = 'Refused';
  }
}

/** The switch said nothing for too long. */
export class NoAnswer extends Error {
  constructor(
    readonly address: string,
    readonly timeout_ms: number,
  ) {
    super(`${address}: no answer within ${timeout_ms / 1000} s (--timeout gives it longer)`);
    this.name = 'NoAnswer';
  }
}

/** What was typed makes no sense for this command, or for this switch. */
export class Misuse extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Misuse';
  }
}
