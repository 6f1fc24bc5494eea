import Store

/// An address of a user that is no Matrix ID ("Third-party Identifiers").
package struct ThirdPartyID: Sendable, Hashable {
    /// The kind of address: `email`.
    package let medium: String
    /// The address in its canonical form.
    package let address: String

    package init(medium: String, address: String) {
        self.medium = medium
        self.address = address
    }

    /// An email address, whose letters are made small: that is how it is compared.
    package static func email(_ address: String) -> ThirdPartyID {
        ThirdPartyID(medium: "email", address: address.lowercased())
    }
}

/// Since when an address is a user's, in milliseconds since 1970.
package struct ThirdPartyIDTimes: StoreCodable, Equatable {
    /// When the user proved to read what is sent there.
    package let validatedAt: Int64
    /// When it was added to the account.
    package let addedAt: Int64

    package init(validatedAt: Int64, addedAt: Int64) {
        self.validatedAt = validatedAt
        self.addedAt = addedAt
    }

    /// The tuple of the members, in their order.
    package var encoded: [UInt8] { TupleKey(validatedAt, addedAt).encoded }

    package init(encoded bytes: [UInt8]) throws {
        let (validatedAt, addedAt) = try TupleKey<Int64, Int64>(encoded: bytes).parts
        self.init(validatedAt: validatedAt, addedAt: addedAt)
    }
}

extension ThirdPartyIDTimes {
    package var readable: ReadableValue { ["validated_at": validatedAt.readable, "added_at": addedAt.readable] }
}
