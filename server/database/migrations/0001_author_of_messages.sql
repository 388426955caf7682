-- The author of a message is a partner, as in Odoo; the column is of the user who wrote it. Only names change.
do $$
begin
    if exists (select from information_schema.columns
            where table_schema = current_schema() and table_name = 'mail_message' and column_name = 'author_id') then
        alter table mail_message rename column author_id to author_user_id;
        alter table mail_message
            rename constraint mail_message_author_id_fkey to mail_message_author_user_id_fkey;
        alter index if exists mail_message_author_id_index rename to mail_message_author_user_id_index;
    end if;
end
$$;
