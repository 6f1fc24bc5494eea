/// An event's identifier: `$` and the event's reference hash, in room versions 1 and 2 `$opaque_id:domain` (appendices, "Event IDs").
package struct EventID: Identifier {
    package let string: String

    package init?(_ string: String) {
        guard IdentifierGrammar.hasShape(string, sigil: UInt8(ascii: "$")) else { return nil }
        self.string = string
    }

    package init(trusted string: String) { self.string = string }
}
