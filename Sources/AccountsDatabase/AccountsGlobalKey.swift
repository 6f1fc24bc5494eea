/// The keys of `global` that the accounts database has of its own.
enum AccountsGlobalKey {
    /// The registration token, as text.
    static let registrationToken = "registration_token"
    /// A number of the place where the database is, 8 bytes.
    static let place = "place"
}
