/// What the intents of one kind have other databases do.
package struct IntentKind: Sendable {
    /// What one database does for an intent, in one commit.
    package struct Part: Sendable {
        let target: Database
        let carryOut: @Sendable ([UInt8], Commit) throws -> Void

        /// - Parameter carryOut: does the part, given the intent's payload. When it throws it is tried again after a while.
        package init(in target: Database, _ carryOut: @escaping @Sendable ([UInt8], Commit) throws -> Void) {
            self.target = target
            self.carryOut = carryOut
        }
    }

    /// The name under which intents of this kind are kept.
    package let name: String
    let parts: [Part]

    /// - Parameter parts: what is to be done, in this order; one part at most in each database, and none in the intent's own.
    package init(_ name: String, _ parts: [Part]) {
        precondition(Set(parts.map { ObjectIdentifier($0.target) }).count == parts.count, "\(name) has two parts in one database")
        self.name = name
        self.parts = parts
    }
}
