import Store

/// A local user's account.
package struct Account: StoreCodable, Equatable {
    /// The password's hash with its parameters and salt, as argon2 writes it; nil if no password opens the account.
    package var passwordHash: String?
    /// When the account was made, in milliseconds since 1970.
    package let createdAt: Int64
    package var flags: AccountFlags

    package init(passwordHash: String?, createdAt: Int64, flags: AccountFlags) {
        self.passwordHash = passwordHash
        self.createdAt = createdAt
        self.flags = flags
    }

    /// The tuple of password hash, time and flags.
    package var encoded: [UInt8] {
        TupleKey(passwordHash, createdAt, Int64(flags.rawValue)).encoded
    }

    package init(encoded bytes: [UInt8]) throws {
        let (passwordHash, createdAt, flags) = try TupleKey<String?, Int64, Int64>(encoded: bytes).parts
        self.init(passwordHash: passwordHash, createdAt: createdAt, flags: try AccountFlags(stored: flags))
    }
}

/// What an account is beside a user's; the numbers are stored.
package struct AccountFlags: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    init(stored number: Int64) throws {
        guard let rawValue = UInt8(exactly: number) else { throw StoreError.undecodable(number.encoded, as: "an account's flags") }
        self.init(rawValue: rawValue)
    }

    /// May use the administrator's API.
    package static let admin = AccountFlags(rawValue: 1)
    /// Nobody can log in any more, and the user ID stays taken.
    package static let deactivated = AccountFlags(rawValue: 2)
    /// A guest's, with few rights.
    package static let guest = AccountFlags(rawValue: 4)
    /// Can do nothing but log out ("Account locking").
    package static let locked = AccountFlags(rawValue: 8)
    /// Can read, and hardly act ("Account suspension").
    package static let suspended = AccountFlags(rawValue: 16)
    /// Deactivated by somebody who wanted to be forgotten.
    package static let erased = AccountFlags(rawValue: 32)
    /// An identity server has bound an address to the user ID at this server's request.
    package static let bound = AccountFlags(rawValue: 64)
}

// MARK: - Readable forms

extension Account {
    package var readable: ReadableValue {
        ["password_hash": passwordHash.readable, "created_ts": createdAt.readable, "flags": flags.readable]
    }
}

extension AccountFlags {
    /// The names of the flags that are set.
    var readable: ReadableValue {
        let names: [(AccountFlags, String)] = [
            (.admin, "admin"), (.deactivated, "deactivated"), (.guest, "guest"), (.locked, "locked"), (.suspended, "suspended"),
            (.erased, "erased"), (.bound, "bound"),
        ]
        return .list(names.filter { contains($0.0) }.map { .text($0.1) })
    }
}
