/// Why an operation found the accounts other than it was told, and did nothing.
package enum AccountsConflict: Error, Equatable {
    /// The user ID is taken.
    case userExists
    /// The account is gone, deactivated, or has another password by now.
    case accountChanged
    /// The session of user-interactive authentication has ended or gone on since.
    case sessionChanged
}
